// One request of a client over TCP and its response, by HTTP/2 or HTTP/1.1.

import type { Readable, Writable } from "node:stream";
import { reasonIn } from "../error/reason_in.ts";
import { TransportError } from "../error/quic_error.ts";
import { PIECE, readableOf, type ReadableOfOptions, write } from "./node_streams.ts";

/** What a server answers. */
export interface TcpAnswer {
  readonly status: number;
  /** The reason beside the status, which HTTP/1.1 alone has. */
  readonly reason?: string | undefined;
  /** What is spoken, such as "HTTP/2". */
  readonly protocol: string;
  readonly headers: Headers;
  /** Brings the content. */
  readonly source: Readable;
  /** Whether all of the content has come. */
  readonly isWhole: () => boolean;
}

/** A request that was begun, as one version of HTTP carries it. */
export interface TcpExchange {
  /** Takes the content. */
  readonly target: Writable;
  /** Rejects if there is none. */
  readonly answer: Promise<TcpAnswer>;
  /** Resolves when both directions have ended, however they did. */
  readonly closed: Promise<unknown>;
  /** Breaks both directions off. */
  cancel(reason: unknown): void;
}

/** Breaks off responses that became unreachable, so that they do not hold their stream. */
const unreachable = new FinalizationRegistry<() => void>((abandon) => abandon());

const protocols = new WeakMap<Response, string>();

/**
 * What a response of a `TcpClient` came over.
 *
 * @param response A response, as the client gave it.
 * @returns "HTTP/2", "HTTP/1.1" or "HTTP/1.0"; undefined for responses of others.
 *
 * @example
 * ```ts ignore
 * const response = await client.fetch("https://example.com/");
 * console.log(responseProtocol(response), response.status);
 * ```
 *
 * @category HTTP/3
 */
export function responseProtocol(response: Response): string | undefined {
  return protocols.get(response);
}

/** RFC 9110, Section 9.2.2: doing them twice is the same as doing them once. */
export const idempotentMethods: ReadonlySet<string> = new Set(
  ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"],
);

/**
 * Sends the content of a request, and waits for the answer.
 *
 * @throws {TypeError} If the connection breaks, or the server breaks the answer off.
 */
export async function exchangeOver(request: Request, exchange: TcpExchange): Promise<Response> {
  const { signal, body, method } = request;
  const onAbort = () => exchange.cancel(signal.reason);
  signal.addEventListener("abort", onAbort);
  exchange.closed.then(() => signal.removeEventListener("abort", onAbort));
  if (signal.aborted) onAbort();
  // What the application fails to send is its own error.
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(ignore);
  send(body, exchange).catch((error) => {
    failed.reject(error);
    exchange.cancel(error);
  });
  const errorOf = (cause?: unknown) => signal.aborted ? signal.reason : lost(cause);
  const answer = exchange.answer.catch((error) => {
    throw errorOf(error);
  });
  return responseOf(await Promise.race([answer, failed.promise]), method, exchange, {
    errorOf,
    signal,
  });
}

/** Ends without an error if the server wants no more: the answer says what there is to say. */
async function send(
  body: ReadableStream<Uint8Array> | null,
  { target, closed }: TcpExchange,
): Promise<void> {
  if (body === null) return void target.end();
  const reader = body.getReader();
  closed.then(() => reader.cancel(new Error("The request is over"))).catch(ignore);
  for (let part; !(part = await reader.read()).done;) {
    for (let at = 0; at < part.value.length; at += PIECE) {
      const isTaken = await write(target, part.value.subarray(at, at + PIECE)).then(yes, no);
      if (!isTaken) return await reader.cancel().catch(ignore);
    }
  }
  if (!target.destroyed) target.end();
}

function responseOf(
  { status, reason = "", protocol, headers, source, isWhole }: TcpAnswer,
  method: string,
  exchange: TcpExchange,
  ends: ReadableOfOptions,
): Response {
  // Fetch Standard, "null body status".
  const hasNoBody = method === "HEAD" || [204, 205, 304].includes(status);
  if (hasNoBody) source.on("error", ignore).resume();
  const onCancel = () => exchange.cancel(new Error("The response is not wanted any more"));
  const body = hasNoBody ? null : readableOf(source, undefined, onCancel, { ...ends, isWhole });
  try {
    const statusText = REASON.test(reason) ? reason : "";
    const response = new Response(body, { status, statusText, headers });
    protocols.set(response, protocol);
    if (body) {
      unreachable.register(body, onCancel, exchange);
      exchange.closed.then(() => unreachable.unregister(exchange));
    }
    return response;
  } catch (error) {
    exchange.cancel(error);
    throw new TypeError(`Cannot accept the status ${status}`, { cause: error });
  }
}

/** What a reason consists of (RFC 9112, Section 4). */
const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

const TOO_LATE = "the server did not answer in time";
/** What codes of the system, and names of the runtime's errors, mean. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was reset",
  ETIMEDOUT: TOO_LATE,
  TimeoutError: TOO_LATE,
  EADDRNOTAVAIL: "the local address is not one of this machine",
  ENOTFOUND: "the name of the host is not known",
  EHOSTUNREACH: "there is no way to the host",
  ENETUNREACH: "there is no way to the network",
};

/**
 * The error for the application, for what the runtime says.
 *
 * @param what What cannot be done.
 */
export function lost(cause: unknown, what: string = "go on with a request over TCP"): unknown {
  const isTold = cause instanceof TypeError || cause instanceof TransportError ||
    (cause instanceof Error && cause.name === "NotCapable"); // of the runtime, for a permission
  if (isTold) return cause;
  const { code = "", name = "", message = "it was closed" } = cause instanceof Error
    ? cause as Error & { code?: string }
    : {};
  const why = reasons[code] ?? reasons[name] ?? reasonIn(message);
  return new TypeError(`Cannot ${what}: ${why}`, { cause });
}

function yes(): boolean {
  return true;
}

function no(): boolean {
  return false;
}

function ignore(): void {}
