// One request to a server and its response.

import { ApplicationError, QuicError, StreamError } from "../../error/quic_error.ts";
import { isMisdirected } from "../authority.ts";
import { CallerError, originOf } from "../message/caller_error.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { drainContent } from "./content_drain.ts";
import {
  announcedLength,
  entriesOf,
  readRequestHead,
  type RequestHead,
  responseLines,
} from "../wire/fields.ts";
import type { ConnectHandler, RequestHandler, RequestInfo, TrailerSource } from "../handler.ts";
import type { H3ServerOptions } from "../options.ts";
import { Patience } from "../message/patience.ts";
import type { RequestStream } from "../message/request_stream.ts";
import type { SessionRequests } from "./session_requests.ts";
import { later } from "../timer.ts";
import type { H3Transport } from "../transport.ts";
import { usableResponse } from "./usable_response.ts";
import { BODY_TIMEOUT, HEADER_TIMEOUT, MAX_UNUSED_CONTENT } from "../../limits/limits.ts";

/** What an exchange needs of its connection. */
export interface ExchangeContext {
  readonly transport: H3Transport;
  /** Whether clients were told that they may use extended CONNECT. */
  readonly extendedConnect: boolean;
  /** Answers requests for sessions of WebTransport, if it shall. */
  readonly sessions: SessionRequests | undefined;
  /** Whether the data received so far may be a recording of 0-RTT data. */
  readonly early: () => boolean;
  prioritize(header: string | null): void;
  /** The request could not be answered, by the client's doing. */
  onFailed(): void;
  /** No further requests are to come over this connection. */
  leave(): void;
}

/** Methods that carry no content we would hand on, or that `Request` refuses. */
const bodilessMethods = new Set(["GET", "HEAD"]);
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
const refusedMethods = new Set(["CONNECT", "TRACE", "TRACK"]);

/** A request under way, seen from the server. */
export class ServerExchange {
  readonly #stream: RequestStream;
  readonly #handler: RequestHandler;
  readonly #options: H3ServerOptions;
  readonly #context: ExchangeContext;
  readonly #abort = new AbortController();
  readonly #requestTrailers = Promise.withResolvers<Headers | undefined>();
  readonly #completed = Promise.withResolvers<void>();
  /** How long we wait for the rest of the request, and for the response to be taken. */
  readonly #readPatience: Patience;
  readonly #writePatience: Patience;
  #responseTrailers: TrailerSource | undefined;
  /** What the client sends through a tunnel. */
  #tunnel: ReadableStream | undefined;
  /** Whether the stream has become a tunnel, and whether that is for a session of WebTransport. */
  #isTunnel = false;
  #isSession = false;
  /** The reading of content that the handler does not want, once it has begun. */
  #dropping: Promise<void> | undefined;
  /** Whether the client sends content only after an interim response. */
  #isAwaiting100 = false;
  #isEarly = false;
  #hasBegun = false;
  #isAnswered = false;
  #hasFailed = false;

  constructor(
    stream: RequestStream,
    handler: RequestHandler,
    options: H3ServerOptions,
    context: ExchangeContext,
  ) {
    this.#stream = stream;
    this.#handler = handler;
    this.#options = options;
    this.#context = context;
    this.#readPatience = this.#patience(H3ErrorCode.RequestIncomplete);
    this.#writePatience = this.#patience(H3ErrorCode.RequestCancelled);
    this.#completed.promise.catch(ignore);
    stream.outgoing.closed.catch((error) => this.#onStopped(error));
  }

  /** Reads the request, has it handled, and sends the response; never rejects. */
  async run(): Promise<void> {
    try {
      const head = await this.#head();
      if (head) await this.#answer(head);
      else await this.#respond("GET", new Response(null, { status: 431 }), false);
      if (!this.#stream.incoming.isFinished) await this.#drop("Answered already");
    } catch (error) {
      if (!(error instanceof CallerError)) this.#onFailed();
      this.#stream.fail(error);
      this.#abort.abort(originOf(error));
      this.#completed.reject(originOf(error));
    }
    this.#isAnswered = true;
    this.#readPatience.stop();
    this.#writePatience.stop();
    this.#requestTrailers.resolve(this.#stream.incoming.trailers);
  }

  async #answer(head: RequestHead): Promise<void> {
    const response = await this.#handle(head);
    this.#isTunnel = this.#tunnel !== undefined && response.ok;
    if (this.#isTunnel) this.#stream.incoming.becomeTunnel();
    try {
      await this.#respondOrFail(head, response);
    } catch (error) {
      // What the peer of a session said before it stopped ours, or was gone, is read all the same.
      if (!this.#isSession || error instanceof CallerError) throw error;
    }
    // The directions of a tunnel end one by one; the application may read the other one to its end.
    if (this.#isTunnel && this.#tunnel?.locked) await this.#requestTrailers.promise;
  }

  /** A response whose fields cannot be sent is the handler's failure: there is another instead. */
  async #respondOrFail(head: RequestHead, response: Response): Promise<void> {
    try {
      await this.#respond(head.method, response, this.#isTunnel);
    } catch (error) {
      if (this.#hasBegun || error instanceof QuicError) throw error;
      this.#isTunnel = false;
      const other = await this.#checked(head, () => Promise.reject(error));
      await this.#respond(head.method, other, false);
    }
  }

  #patience(code: number): Patience {
    const { bodyTimeout = BODY_TIMEOUT, minBodyRate = 0 } = this.#options;
    return new Patience({ timeout: bodyTimeout, rate: minBodyRate }, () => {
      this.#stream.fail(new StreamError(code, "Cannot wait any longer for the client"));
    });
  }

  /** The head of the request; undefined if it is too large to be read. */
  async #head(): Promise<RequestHead | undefined> {
    const stop = later(this.#options.headerTimeout ?? HEADER_TIMEOUT, () => {
      this.#stream.fail(
        new StreamError(H3ErrorCode.RequestIncomplete, "Cannot wait any longer for the request"),
      );
    });
    try {
      const head = readRequestHead(
        await this.#stream.incoming.headers(),
        this.#context.extendedConnect,
      );
      this.#context.prioritize(head.headers.get("priority"));
      this.#stream.incoming.expect(head.contentLength);
      return head;
    } catch (error) {
      const isTooLarge = error instanceof StreamError && error.code === H3ErrorCode.ExcessiveLoad;
      if (isTooLarge) return undefined;
      throw error;
    } finally {
      stop();
    }
  }

  async #handle(head: RequestHead): Promise<Response> {
    this.#isEarly = this.#context.early();
    if (this.#isEarly && !safeMethods.has(head.method)) {
      // RFC 8470, Section 5.2: what must not happen twice waits until the client has proven to be
      // there, or is refused where that cannot be known.
      const { handshake } = this.#context.transport;
      if (handshake === undefined) return new Response(null, { status: 425 });
      await handshake;
      this.#isEarly = false;
    }
    if (isMisdirected(head, this.#options.isAuthority, this.#context.transport)) {
      return new Response(null, { status: 421 });
    }
    const { sessions } = this.#context;
    if (head.method === "CONNECT" && sessions?.begins(head.protocol)) {
      const { id } = this.#stream;
      this.#isSession = true;
      return await this.#connect(head, (request, info) => sessions.answer(id, request, info));
    }
    const { onConnect, onConnectTcp } = this.#options;
    const connect = head.protocol !== "" ? onConnect : onConnectTcp;
    if (head.method === "CONNECT" && connect !== undefined) {
      return await this.#checked(head, () => this.#connect(head, connect));
    }
    if (refusedMethods.has(head.method)) return new Response(null, { status: 501 });
    const hasBody = !bodilessMethods.has(head.method);
    if (!hasBody) await this.#drain(head);
    const request = this.#request(head, hasBody);
    return await this.#checked(head, () => this.#handler(request, this.#info()));
  }

  /** RFC 9220, and RFC 9114, Section 4.4: the stream becomes a tunnel if the application likes that. */
  #connect(head: RequestHead, handler: ConnectHandler): Response | Promise<Response> {
    const { protocol, scheme, authority, path, headers } = head;
    const { signal } = this.#abort;
    const body = this.#body(headers, undefined);
    this.#tunnel = body;
    const url = scheme === "" ? authority : `${scheme}://${authority}${path}`;
    return handler({ protocol, url, headers, body, signal }, this.#info());
  }

  async #checked(
    { method }: RequestHead,
    handle: () => Response | Promise<Response>,
  ): Promise<Response> {
    const { onError } = this.#options;
    const usable = (response: Response) => {
      try {
        return usableResponse(response, method, method === "CONNECT");
      } catch (error) {
        discard(response, error);
        throw error;
      }
    };
    try {
      try {
        return usable(await handle());
      } catch (error) {
        if (onError) return usable(await onError(error));
      }
    } catch {
      // An error handler that fails gets what there would be without one.
    }
    return new Response("Internal Server Error", { status: 500 });
  }

  /** Content of methods that have none is counted against its announced length all the same. */
  async #drain(head: RequestHead): Promise<void> {
    const isAnnounced = head.contentLength >= 0;
    const patience = isAnnounced ? this.#readPatience : undefined;
    const drained = this.#stream.incoming.drain(MAX_UNUSED_CONTENT, patience).then(
      () => this.#requestTrailers.resolve(this.#stream.incoming.trailers),
    );
    if (isAnnounced) return await drained;
    drained.catch((error) => {
      if (!this.#isAnswered) this.#stream.fail(error);
    });
  }

  #request({ method, scheme, authority, path, headers }: RequestHead, hasBody: boolean): Request {
    const { signal } = this.#abort;
    const init: RequestInit & { duplex?: "half" } = { method, headers: entriesOf(headers), signal };
    if (hasBody) {
      init.body = this.#body(headers, this.#readPatience);
      init.duplex = "half";
    }
    try {
      return new Request(`${scheme}://${authority}${path === "*" ? "" : path}`, init);
    } catch (error) {
      throw new StreamError(H3ErrorCode.MessageError, "Cannot make a request of these fields", {
        cause: error,
      });
    }
  }

  #body(
    headers: Headers,
    patience: Patience | undefined,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { incoming } = this.#stream;
    this.#isAwaiting100 = headers.get("expect")?.toLowerCase() === "100-continue";
    return this.#stream.body({
      // RFC 9110, Section 10.1.1: a client that asks first is told to go on when the application
      // reads the content.
      onWanted: () => {
        if (this.#isAwaiting100) this.#inform(100, new Headers());
        this.#isAwaiting100 = false;
      },
      onCancel: () => void this.#drop("Not wanted"),
      onEnd: () => this.#requestTrailers.resolve(incoming.trailers),
    }, patience);
  }

  /** Reads what is left of the request and drops it; what is too much of that is refused. */
  #drop(why: string): Promise<void> {
    return this.#dropping ??= this.#dropRest(new StreamError(H3ErrorCode.NoError, why));
  }

  async #dropRest(refusal: StreamError): Promise<void> {
    const { incoming } = this.#stream;
    const isExpected = !this.#isAwaiting100 && !incoming.isTunnel;
    try {
      const end = isExpected ? await drainContent(this.#stream, refusal) : "silent";
      if (end === "complete") return;
      // A browser that is told to stop in the middle of its upload waits until the connection ends.
      if (end === "overrun") this.#context.leave();
    } catch (error) {
      if (error instanceof ApplicationError) this.#stream.fail(error);
    }
    incoming.cancel(refusal);
  }

  /** Sends an interim response, as long as one can be sent. */
  #inform(status: number, headers: Headers): void {
    if (!this.#hasBegun) this.#stream.outgoing.headers(responseLines(status, headers));
  }

  #info(): RequestInfo {
    const { transport } = this.#context;
    return {
      connection: transport,
      remoteAddr: transport.remoteAddr,
      trailers: this.#requestTrailers.promise,
      completed: this.#completed.promise,
      early: this.#isEarly,
      datagrams: this.#stream.datagrams,
      sendTrailers: (trailers) => {
        this.#responseTrailers = trailers;
      },
      sendInformational: (status, headers) => {
        if (status < 100 || status > 199 || status === 101) {
          throw new RangeError(`Cannot send ${status} as an interim response`);
        }
        if (this.#hasBegun) {
          throw new TypeError(`Cannot send ${status}: the response itself has begun`);
        }
        this.#inform(status, headers);
      },
    };
  }

  async #respond(method: string, response: Response, isTunnel: boolean): Promise<void> {
    const { outgoing } = this.#stream;
    const { status, headers, body } = response;
    try {
      this.#sendHead(response, isTunnel);
    } catch (error) {
      discard(response, error);
      throw error;
    }
    if (method === "HEAD" || status === 204 || status === 304) {
      discard(response, undefined);
    } else if (body) {
      // A tunnel may be silent for any time.
      const patience = isTunnel ? undefined : this.#writePatience;
      await outgoing.body(body, isTunnel ? -1 : announcedLength(headers, true), patience);
    }
    if (isTunnel) await outgoing.end(undefined);
    else await outgoing.end(this.#responseTrailers, this.#writePatience);
    this.#isAnswered = true;
    this.#completed.resolve();
  }

  #sendHead({ status, headers }: Response, isTunnel: boolean): void {
    // RFC 9110, Section 8.6: there a length has no place.
    const isLengthless = status === 204 || isTunnel;
    const lines = responseLines(status, headers)
      .filter(({ name }) => !isLengthless || name !== "content-length");
    if (!headers.has("date")) lines.push({ name: "date", value: httpDate() });
    this.#stream.outgoing.headers(lines);
    this.#hasBegun = true;
  }

  /** The client sent STOP_SENDING, or the connection has ended. */
  #onStopped(error: unknown): void {
    if (this.#isAnswered) return;
    this.#onFailed();
    this.#abort.abort(error);
    if (!(error instanceof QuicError)) this.#stream.incoming.cancel(cancelled());
  }

  #onFailed(): void {
    // The end of a tunnel is no failure of the client, however it comes.
    if (!this.#hasFailed && !this.#isTunnel) this.#context.onFailed();
    this.#hasFailed = true;
  }
}

/** Lets go of what feeds a response that is not sent: an open file, a query. */
function discard(response: unknown, reason: unknown): void {
  const isUnread = response instanceof Response && !response.body?.locked;
  if (isUnread) response.body?.cancel(reason).catch(ignore);
}

function cancelled(): StreamError {
  return new StreamError(H3ErrorCode.RequestCancelled, "The connection has ended");
}

function ignore(): void {}

let dateSecond = -1;
let dateText = "";

/** RFC 9110, Section 6.6.1; made once a second. */
function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) dateText = new Date(second * 1000).toUTCString();
  dateSecond = second;
  return dateText;
}
