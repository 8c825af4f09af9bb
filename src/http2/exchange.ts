// Answers an ordinary request that came over TCP, by HTTP/2 or HTTP/1.1.

import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Patience, type PatienceOptions } from "../http3/message/patience.ts";
import { usableResponse } from "../http3/server/usable_response.ts";
import { readContentLength } from "../http3/wire/fields.ts";
import { fieldsOf, responseFields } from "./fields.ts";
import { PIECE, readableOf, write } from "./node_streams.ts";
import type { Turns } from "./turns.ts";

/**
 * What a handler may know of a request over TCP.
 *
 * @category HTTP/3
 */
export interface TcpRequestInfo {
  /** Where the client is. */
  readonly remoteAddr: Deno.NetAddr;
  /**
   * The certificates that the client has shown, in DER, its own first; empty if it shows none. Their
   * authority follows even if the client has left it out.
   */
  readonly peerCertificates: readonly Uint8Array[];
  /** The name that the client asked for in its handshake (RFC 6066, Section 3), if it asked for one. */
  readonly serverName: string | undefined;
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

/** Milliseconds between two looks whether the end of a response has left. */
const LOOK_INTERVAL = 10;

/** How the client of a request is treated. */
export interface Treatment {
  /** How long the client is waited for. */
  readonly patience: PatienceOptions;
  /** The requests of its connection that are answered at a time; undefined for all. */
  readonly turns: Turns | undefined;
}

/**
 * Answers a request.
 *
 * @param treatment How its client is treated.
 */
export async function answer(
  incoming: NodeRequest,
  outgoing: NodeResponse,
  handler: TcpRequestHandler,
  client: Pick<TcpRequestInfo, "remoteAddr" | "peerCertificates" | "serverName">,
  { patience, turns }: Treatment,
): Promise<void> {
  const done = Promise.withResolvers<void>();
  done.promise.catch(ignore);
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort(new Error("The client has left")));
  const { signal } = gone;
  const answered = new AbortController();
  const end = () => breakOff(outgoing);
  const reading = new Patience(patience, end);
  const writing = new Patience(patience, end);
  let isOnTurn = false;
  try {
    isOnTurn = await turns?.take(signal) ?? false;
    // A response that has not had its turn is not told that its connection is over.
    if ((turns && !isOnTurn) || incoming.destroyed) throw new Error("The client has left");
    const request = requestOf(incoming, reading, answered.signal);
    if (typeof request === "number") {
      outgoing.writeHead(request);
      outgoing.end();
      return await declineRest(outgoing, writing);
    }
    const protocol = incoming.httpVersionMajor === 2 ? "HTTP/2" : "HTTP/1.1";
    const info = { ...client, protocol, completed: done.promise, signal } as const;
    const response = await handler(request, info);
    checkUsable(response, request.method);
    await respond(outgoing, response, request.method === "HEAD", writing, signal);
    await declineRest(outgoing, writing);
    done.resolve();
  } catch (error) {
    done.reject(error);
    fail(outgoing);
    await declineRest(outgoing, writing);
  } finally {
    reading.stop();
    writing.stop();
    if (!("stream" in outgoing)) dropRest(incoming, answered);
    if (isOnTurn) turns?.give();
  }
}

/** The request, or the status that refuses it. */
function requestOf(
  incoming: NodeRequest,
  patience: Patience,
  answered: AbortSignal,
): Request | number {
  const { method = "", headers, url: target = "" } = incoming;
  if (IMPOSSIBLE.has(method)) return 501;
  const url = targetOf(target, hostOf(incoming));
  if (url === null) return 400;
  const hasBody = method !== "GET" && method !== "HEAD";
  if (hasBody) waitFor(incoming, patience);
  else incoming.resume();
  return new Request(url, {
    method,
    headers: fieldsOf(headers),
    ...(hasBody && { body: readableOf(incoming, undefined, ignore, { signal: answered }) }),
  });
}

/** The client is waited for while more of its content is wanted. */
function waitFor(incoming: NodeRequest, patience: Patience): void {
  incoming.pause(); // it is not wanted yet, whatever listens
  incoming.on("resume", () => patience.begin());
  incoming.on("pause", () => patience.end(0));
  incoming.on("data", (chunk: Uint8Array) => patience.end(chunk.length));
  incoming.on("end", () => patience.stop());
}

/** What a request asks for; null if that is no URL of https. */
function targetOf(target: string, host: string | undefined): URL | null {
  if (host === undefined || !isHost(host)) return null;
  if (target === "*") return URL.parse(`https://${host}`);
  if (target.startsWith("/")) return URL.parse(`https://${host}${target}`);
  // RFC 9112, Section 3.2.2: a target may name the host as well, and is right then.
  const [, own] = /^https:\/\/([^/?#]*)/i.exec(target) ?? [];
  return own !== undefined && isHost(own) ? URL.parse(target) : null;
}

/**
 * The host that a request names; undefined if there is none or more than one (RFC 9112, Section 3.2;
 * RFC 9113, Section 8.3.1): what stands before this server may have gone by the other one.
 */
function hostOf({ headers, rawHeaders }: NodeRequest): string | undefined {
  const isHostField = (name: string, i: number) => i % 2 === 0 && name.toLowerCase() === "host";
  if (rawHeaders.filter(isHostField).length > 1) return undefined;
  const authority = headers[":authority"];
  if (typeof authority !== "string") return headers.host;
  return headers.host === undefined || headers.host === authority ? authority : undefined;
}

/** RFC 3986, Section 3.2: a host and a port, without a user. */
function isHost(text: string): boolean {
  return /^(?:\[[\da-f:.]+\]|[\w.~!$&'()*+;=%-]+)(?::\d*)?$/i.test(text);
}

/** What cannot be sent as it is fails before anything is sent. */
function checkUsable(response: Response, method: string): void {
  try {
    usableResponse(response, method, false);
  } catch (error) {
    if (response instanceof Response && !response.body?.locked) {
      response.body?.cancel(error).catch(ignore);
    }
    throw error;
  }
}

/** Sends a response; its body is read no further once the client has left. */
async function respond(
  outgoing: NodeResponse,
  response: Response,
  isHead: boolean,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const reader = response.body?.getReader();
  const cancel = (why: unknown) => void reader?.cancel(why).catch(ignore);
  signal.addEventListener("abort", () => cancel(signal.reason));
  try {
    signal.throwIfAborted();
    const fields = responseFields(response, isHead, "stream" in outgoing);
    if ("stream" in outgoing) checkSize(fields);
    (outgoing as ServerResponse).writeHead(response.status, fields);
    if (isHead) cancel(new Error("Only the fields of the response are wanted"));
    else if (reader) await send(outgoing, reader, response.headers, patience, signal);
    patience.begin();
    await ended(outgoing, signal);
  } catch (error) {
    cancel(error);
    throw error;
  }
}

/** Most bytes of a header section that the runtime sends over HTTP/2, and clients commonly take. */
const MAX_SECTION = 65_536;

/**
 * What is longer would break the connection, with all its requests. RFC 9113, Section 6.5.2: each field
 * counts with 32 bytes more.
 */
function checkSize(fields: Record<string, string | string[]>): void {
  let size = 0;
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) size += name.length + one.length + 32;
  }
  if (size > MAX_SECTION) throw new TypeError(`Cannot respond with ${size} bytes of fields`);
}

async function send(
  outgoing: NodeResponse,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  headers: Headers,
  patience: Patience,
  signal: AbortSignal,
): Promise<void> {
  const length = readContentLength(headers);
  let sent = 0;
  for (let part; !(part = await reader.read()).done;) {
    sent += part.value.length;
    // RFC 9112, Section 6.3: the client would take what is more for the next response.
    if (length >= 0 && sent > length) throw wrongLength(length);
    for (let at = 0; at < part.value.length; at += PIECE) {
      // A response that is over tells of no room, and of no end.
      signal.throwIfAborted();
      const piece = part.value.subarray(at, at + PIECE);
      patience.begin();
      await write(outgoing, piece);
      patience.end(piece.length);
    }
  }
  if (length >= 0 && sent < length) throw wrongLength(length);
}

function wrongLength(length: number): TypeError {
  return new TypeError(`Cannot send content that differs from its announced ${length} bytes`);
}

/** Ends a response, and waits until it has left. */
function ended(outgoing: NodeResponse, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted(); // nothing is told of a response that is over
  const stream = "stream" in outgoing ? outgoing.stream : undefined;
  return new Promise((resolve, reject) => {
    // Over HTTP/2 the response itself has finished only when its request has ended, too.
    (stream ?? outgoing).on("finish", () => resolve());
    outgoing.on("close", () => {
      // Over HTTP/2 the runtime tells of a stream that has ended in order by its end alone.
      if (stream?.rstCode === 0 && stream.writableFinished) resolve();
      else reject(signal.reason);
    });
    outgoing.end();
  });
}

/**
 * The content of a request that has not come when its response has left is not wanted any more (RFC
 * 9113, Section 8.1). The runtime sends the end of the response only after telling of it, and what
 * resets the stream overtakes that: clients would take the response for one that was cut off.
 *
 * @param patience Ends the wait for a client that takes nothing.
 */
async function declineRest(outgoing: NodeResponse, patience: Patience): Promise<void> {
  const stream = "stream" in outgoing ? outgoing.stream : undefined;
  if (stream === undefined || stream.destroyed) return;
  patience.begin();
  for (let wait = 0; stream.state.localClose === 0; wait = LOOK_INTERVAL) {
    if (stream.state.remoteClose === 1) return;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  if (stream.state.remoteClose === 0) stream.close(NO_ERROR);
}

/**
 * Over HTTP/1.1 the next request comes behind the content of this one, so the rest is read and dropped
 * when the response has left (RFC 9112, Section 9.3). The runtime does that only with content that
 * nothing has read; one that was begun would hold the connection up until the runtime ends it.
 */
function dropRest(incoming: NodeRequest, answered: AbortController): void {
  if (incoming.complete || incoming.destroyed) return;
  answered.abort(); // a reader must not take what is there for all
  incoming.resume();
}

/** The client has left, or the handler failed: what can be said to the client is said. */
function fail(outgoing: NodeResponse): void {
  try {
    if (outgoing.headersSent) return breakOff(outgoing);
    for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
    outgoing.writeHead(500);
    outgoing.end();
  } catch {
    breakOff(outgoing);
  }
}

function breakOff(outgoing: NodeResponse): void {
  if ("stream" in outgoing) outgoing.stream?.close(INTERNAL_ERROR);
  else outgoing.socket?.destroy();
}

/** NO_ERROR and INTERNAL_ERROR of RFC 9113, Section 7. */
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;

function ignore(): void {}
