// One request of a client and its response.

import { QuicError, StreamError } from "../../error/quic_error.ts";
import { CallerError, callerFailed, originOf } from "../message/caller_error.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import type { FieldLine } from "../../qpack/field_line.ts";
import type { RequestDatagrams } from "../handler.ts";
import { entriesOf, readResponseHead, type ResponseHead } from "../wire/fields.ts";
import type { H3RequestInit } from "../options.ts";
import { applyPriority, formatPriority, parsePriority, type Priority } from "../wire/priority.ts";
import type { RequestStream } from "../message/request_stream.ts";
import type { H3SendStream } from "../transport.ts";
import type { Waiters } from "./waiters.ts";
import { MAX_INFORMATIONAL } from "../../limits/limits.ts";

const exchangeOf = new WeakMap<Response, ClientExchange>();

/**
 * Cancels bodies that became unreachable, so that they do not hold their stream and credit
 * indefinitely.
 */
const unreachable = new FinalizationRegistry<ClientExchange>((exchange) => exchange.abandon());

/**
 * The fields that follow the body of a response; resolves when the body has been read.
 *
 * @returns Undefined if there are none, or if the response did not come over HTTP/3.
 *
 * @category HTTP/3
 */
export function responseTrailers(response: Response): Promise<Headers | undefined> {
  return exchangeOf.get(response)?.trailers ?? Promise.resolve(undefined);
}

/**
 * The datagrams that belong to the request of a response (RFC 9297).
 *
 * @returns Undefined if the client was not told to have them, or the connection has none.
 *
 * @category HTTP/3
 */
export function responseDatagrams(response: Response): RequestDatagrams | undefined {
  return exchangeOf.get(response)?.datagrams;
}

/** A second response with the same content, which has the trailers and datagrams of the first. */
export function cloned(response: Response): Response {
  const copy = Response.prototype.clone.call(response);
  const exchange = exchangeOf.get(response);
  if (exchange) exchangeOf.set(copy, exchange);
  return copy;
}

/**
 * Asks the server to send the rest of a response sooner or later (RFC 9218, Section 7).
 *
 * @category HTTP/3
 */
export function prioritize(response: Response, priority: Partial<Priority>): void {
  exchangeOf.get(response)?.prioritize(priority);
}

/** What a client sends. */
export interface OutgoingRequest {
  readonly method: string;
  /** The header section. */
  readonly lines: FieldLine[];
  readonly body: ReadableStream<Uint8Array> | null;
  /** Bytes of body that the header section announces; -1 if it does not. */
  readonly length: number;
  readonly signal: AbortSignal;
}

/** A request under way, seen from the client. */
export class ClientExchange {
  /** Resolves when both messages have ended, well or not. */
  readonly done: Promise<void>;
  readonly #stream: RequestStream;
  readonly #sendStream: H3SendStream;
  readonly #request: OutgoingRequest;
  readonly #init: H3RequestInit;
  readonly #waiters: Waiters;
  readonly #trailers = Promise.withResolvers<Headers | undefined>();
  readonly #received = Promise.withResolvers<void>();
  readonly #sent = Promise.withResolvers<void>();
  /** Whether the server wants another request, or none. */
  #isRefused = false;
  /** Why the request was given up, once it was. */
  #rejection: { readonly reason: unknown } | undefined;
  /**
   * Rejects the promise of the response. The promise itself is not kept, so that the response can
   * be collected.
   */
  #onRejected: ((reason: unknown) => void) | undefined;

  constructor(
    stream: RequestStream,
    sendStream: H3SendStream,
    request: OutgoingRequest,
    init: H3RequestInit,
    waiters: Waiters,
  ) {
    this.#waiters = waiters;
    this.#stream = stream;
    this.#sendStream = sendStream;
    this.#request = request;
    this.#init = init;
    this.done = Promise.all([this.#received.promise, this.#sent.promise])
      .then(() => {
        stream.release();
        this.#trailers.resolve(undefined); // of a response that was given up there are none
      });
  }

  /** The ID of the stream. */
  get id(): number {
    return this.#stream.id;
  }

  /** Fields after the response. */
  get trailers(): Promise<Headers | undefined> {
    return this.#trailers.promise;
  }

  /** Datagrams of the request. */
  get datagrams(): RequestDatagrams | undefined {
    return this.#stream.datagrams;
  }

  /** Tells the server another priority than it was told before. */
  prioritize(priority: Partial<Priority>): void {
    const field = formatPriority(priority);
    this.#applyPriority(parsePriority(field), this.#sendStream);
    this.#stream.updatePriority(field);
  }

  /** Sends the request and waits for the response. */
  async run(): Promise<Response> {
    const { signal } = this.#request;
    const onAbort = () => this.#cancel(signal.reason, "Cancelled by the application");
    signal.addEventListener("abort", onAbort);
    this.done.then(() => signal.removeEventListener("abort", onAbort));
    if (signal.aborted) onAbort();
    this.#send();
    const response = Promise.withResolvers<Response>();
    this.#onRejected = response.reject;
    if (this.#rejection) response.reject(this.#rejection.reason);
    this.#receive().then(response.resolve, response.reject);
    try {
      return await response.promise;
    } catch (error) {
      if (error instanceof CallerError) this.#cancel(error.cause, "Cancelled by the application");
      else this.#stream.fail(error);
      this.#received.resolve();
      throw this.#stream.originOf(originOf(error));
    } finally {
      this.#onRejected = undefined;
    }
  }

  /**
   * Ends the request with an error for its callers. RFC 9114, Section 4.1.1: to the server it is a
   * cancellation, because clients do not reject requests.
   */
  reject(error: StreamError): void {
    this.#cancel(error, error.message);
  }

  /** The response is unreachable. */
  abandon(): void {
    this.#cancel(undefined, "Nobody reads the response");
  }

  /** The application no longer wants the response, or cannot send the request. */
  #cancel(reason: unknown, message: string): void {
    const error = new StreamError(this.#codeFor(reason), message, { cause: reason });
    this.#rejection ??= { reason };
    this.#onRejected?.(reason);
    this.#stream.fail(error, reason);
    this.#received.resolve();
  }

  /** RFC 9114, Section 4.4: the code that tells how a tunnel broke is the application's. */
  #codeFor(reason: unknown): number {
    const isTold = this.#request.method === "CONNECT" && reason instanceof StreamError &&
      reason.code !== H3ErrorCode.RequestRejected;
    return isTold ? reason.code : H3ErrorCode.RequestCancelled;
  }

  async #send(): Promise<void> {
    const { outgoing } = this.#stream;
    const { lines, body, length } = this.#request;
    this.#waiters.begin();
    try {
      const priority = this.#priority();
      if (priority) this.#applyPriority(parsePriority(priority), undefined);
      outgoing.headers(lines);
      if (body) await outgoing.body(body, length);
      await outgoing.end(this.#init.trailers);
    } catch (error) {
      this.#onSendError(error);
    } finally {
      this.#sent.resolve();
      this.#waiters.end();
    }
  }

  /** @param old What the server was told before, if it was. */
  #applyPriority(priority: Priority, old: Partial<Priority> | undefined): void {
    this.#stream.log?.priorityUpdated(this.id, priority, old, "local");
    applyPriority(this.#sendStream, priority);
  }

  /** The priority in the header section, where our own wish is put if there is none. */
  #priority(): string | undefined {
    const { lines } = this.#request;
    const { urgency, incremental } = this.#init;
    const field = lines.find(({ name }) => name === "priority")?.value;
    if (field !== undefined || urgency === undefined && incremental === undefined) return field;
    const value = formatPriority({ urgency: urgency ?? 3, incremental: incremental ?? false });
    lines.push({ name: "priority", value });
    return value;
  }

  #onSendError(error: unknown): void {
    // RFC 9114, Section 4.1: the server may answer early and stop reading; the answer stands. A
    // request it stopped for another reason is reported by the reading side.
    // So is the end of the connection, behind what a tunnel has brought before.
    const isOfTunnel = this.#request.method === "CONNECT" && error instanceof QuicError;
    if (isOfTunnel || error instanceof StreamError) return;
    this.#cancel(originOf(error), "Cannot send the request");
  }

  async #receive(): Promise<Response> {
    const head = await this.#head();
    const { method } = this.#request;
    this.#isRefused = head.status >= 300;
    const hasNoBody = method === "HEAD" || [204, 205, 304].includes(head.status);
    if (method === "CONNECT" && head.status < 300) {
      if (hasNoBody) throw noTunnel(head.status);
      this.#stream.incoming.becomeTunnel();
    }
    if (!hasNoBody) this.#stream.incoming.expect(head.contentLength);
    const body = hasNoBody ? null : this.#stream.body({
      onCancel: (reason) => this.#cancel(reason, "Cancelled by the application"),
      onEnd: () => this.#onReceived(),
    }, this.#waiters);
    if (body) unreachable.register(body, this, this);
    const response = new Response(body, { status: head.status, headers: entriesOf(head.headers) });
    exchangeOf.set(response, this);
    if (hasNoBody) this.#readToEnd();
    return response;
  }

  async #head(): Promise<ResponseHead> {
    for (let count = 0; count <= MAX_INFORMATIONAL; count++) {
      const lines = await this.#stream.incoming.headers();
      const head = readResponseHead(lines, this.#request.method === "CONNECT");
      if (head.status >= 200) return head;
      this.#inform(head);
    }
    throw new StreamError(H3ErrorCode.ExcessiveLoad, "Cannot take more interim responses");
  }

  #inform({ status, headers }: ResponseHead): void {
    try {
      this.#init.onInformational?.(status, headers);
    } catch (error) {
      callerFailed(error);
    }
  }

  /** A response that never has content: any data are an error (RFC 9114, Section 4.1.2). */
  async #readToEnd(): Promise<void> {
    try {
      this.#stream.incoming.expect(0);
      await this.#stream.incoming.drain(0);
    } catch (error) {
      this.#stream.fail(error);
    }
    this.#onReceived();
  }

  #onReceived(): void {
    unreachable.unregister(this);
    // RFC 9114, Section 4.1: the answer is whole, so the rest of a refused upload is of no use.
    if (this.#isRefused) this.#stream.outgoing.abort(answered());
    this.#trailers.resolve(this.#stream.incoming.trailers);
    this.#received.resolve();
  }
}

/** The error for a status that agrees to a tunnel, and has nothing behind it. */
function noTunnel(status: number): StreamError {
  return new StreamError(
    H3ErrorCode.MessageError,
    `Cannot use a tunnel whose response has the status ${status}, and so no content`,
  );
}

function answered(): StreamError {
  return new StreamError(H3ErrorCode.RequestCancelled, "The server has answered already");
}
