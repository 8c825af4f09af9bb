// Answers an ordinary request that came over TCP, by HTTP/2 or HTTP/1.1.

import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import { fieldsOf } from "./fields.ts";
import { readableOf, write } from "./node_streams.ts";

/**
 * What a handler may know of a request over TCP.
 *
 * @category HTTP/3
 */
export interface TcpRequestInfo {
  /** Where the client is. */
  readonly remoteAddr: Deno.NetAddr;
  /** What the request came over. */
  readonly protocol: "HTTP/1.1" | "HTTP/2";
  /** Resolves when the response has been sent; rejects if that failed. */
  readonly completed: Promise<void>;
  /** Aborted when the client gives up. */
  readonly signal: AbortSignal;
}

/**
 * Answers requests over TCP.
 *
 * @category HTTP/3
 */
export type TcpRequestHandler = (
  request: Request,
  info: TcpRequestInfo,
) => Response | Promise<Response>;

/** A request as node gives it. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;
/** Takes the response to it. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

/** Methods that the platform's `Request` refuses. */
const IMPOSSIBLE = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Answers a request.
 *
 * @param stall Milliseconds that the client may let pass without taking, or sending, anything.
 */
export async function answer(
  incoming: NodeRequest,
  outgoing: NodeResponse,
  handler: TcpRequestHandler,
  remoteAddr: Deno.NetAddr,
  stall: number,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  done.promise.catch(ignore);
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  const watch = new StallWatch(() => breakOff(outgoing), stall);
  try {
    const request = requestOf(incoming, watch);
    if (typeof request === "number") {
      outgoing.writeHead(request);
      outgoing.end();
      return;
    }
    const protocol = incoming.httpVersionMajor === 2 ? "HTTP/2" : "HTTP/1.1";
    const { signal } = gone;
    const info = { remoteAddr, protocol, completed: done.promise, signal } as const;
    const response = await handler(request, info);
    await respond(outgoing, response, request.method === "HEAD", watch);
    done.resolve();
  } catch (error) {
    done.reject(error);
    fail(outgoing);
  } finally {
    watch.stop();
  }
}

/** The request, or the status that refuses it. */
function requestOf(incoming: NodeRequest, watch: StallWatch): Request | number {
  const { method = "", headers, url: target = "" } = incoming;
  if (IMPOSSIBLE.has(method)) return 501;
  const host = headers[":authority"] ?? headers.host;
  const path = target === "*" ? "" : target;
  const url = typeof host === "string" && isHost(host) && (path === "" || path.startsWith("/"))
    ? URL.parse(`https://${host}${path}`)
    : null;
  if (url === null) return 400;
  const hasBody = method !== "GET" && method !== "HEAD";
  if (hasBody) watch.follow(incoming);
  else incoming.resume();
  return new Request(url, {
    method,
    headers: fieldsOf(headers),
    ...(hasBody && { body: readableOf(incoming, undefined, ignore) }),
  });
}

/** RFC 3986, Section 3.2: a host and a port, without a user. */
function isHost(text: string): boolean {
  return /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+;=%-]+)(?::\d*)?$/i.test(text);
}

async function respond(
  outgoing: NodeResponse,
  response: Response,
  isHead: boolean,
  watch: StallWatch,
): Promise<void> {
  const { status, headers, body } = response;
  const fields: Record<string, string | string[]> = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) fields["set-cookie"] = cookies;
  (outgoing as ServerResponse).writeHead(status, fields);
  if (isHead || body === null) {
    await body?.cancel().catch(ignore);
    return await ended(outgoing);
  }
  const reader = body.getReader();
  const onClose = () => void reader.cancel(new Error("The client has left")).catch(ignore);
  outgoing.on("close", onClose);
  for (let part; !(part = await reader.read()).done;) {
    watch.begin();
    await write(outgoing, part.value);
    watch.pause();
  }
  outgoing.off("close", onClose);
  watch.begin();
  await ended(outgoing);
}

/** Ends a response, and waits until it has left. */
function ended(outgoing: NodeResponse): Promise<void> {
  const stream = "stream" in outgoing ? outgoing.stream : undefined;
  return new Promise((resolve, reject) => {
    outgoing.on("finish", () => resolve());
    outgoing.on("close", () => {
      // Over HTTP/2 the runtime tells of a stream that has ended in order by its end alone.
      if (stream?.rstCode === 0 && stream.writableFinished) resolve();
      else reject(new Error("The client has left"));
    });
    outgoing.end();
  });
}

/** The client has left, or the handler failed: what can be said to the client is said. */
function fail(outgoing: NodeResponse): void {
  try {
    if (outgoing.headersSent) return breakOff(outgoing);
    outgoing.writeHead(500);
    outgoing.end();
  } catch {
    // The stream is gone.
  }
}

function breakOff(outgoing: NodeResponse): void {
  if ("stream" in outgoing) outgoing.stream?.close(INTERNAL_ERROR);
  else outgoing.socket?.destroy();
}

/** INTERNAL_ERROR of RFC 9113, Section 7. */
const INTERNAL_ERROR = 2;

/** Breaks off what does not go on. */
class StallWatch {
  readonly #onStall: () => void;
  readonly #patience: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onStall: () => void, patience: number) {
    this.#onStall = onStall;
    this.#patience = patience;
  }

  /** Something is for the client to do, from now on. */
  begin(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onStall, this.#patience);
  }

  /** The client has to send the body of its request. */
  follow(body: NodeRequest): void {
    this.begin();
    body.on("data", () => this.begin());
    body.on("end", () => this.pause());
  }

  /** Nothing is for it to do. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** It is over. */
  stop(): void {
    this.pause();
  }
}

function ignore(): void {}
