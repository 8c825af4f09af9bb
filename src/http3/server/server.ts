// The server end of an HTTP/3 connection: takes requests, hands them to the handler.

import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import { checkOptions } from "../check_options.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import { FrameReader } from "../wire/frame_reader.ts";
import { SESSION_SIGNAL } from "../wire/web_transport.ts";
import { H3Connection, type H3ConnectionOptions } from "../message/h3_connection.ts";
import type { H3ServerOptions } from "../options.ts";
import { applyPriority, parsePriority } from "../wire/priority.ts";
import { RequestStream } from "../message/request_stream.ts";
import { later } from "../timer.ts";
import { ServerExchange } from "./server_exchange.ts";
import { SessionRequests } from "./session_requests.ts";
import { OUR_WEB_TRANSPORT } from "../webtransport/sessions.ts";
import type { RequestHandler } from "../handler.ts";
import type { H3BidirectionalStream, H3SendStream, H3Transport } from "../transport.ts";
import {
  HEADER_TIMEOUT,
  MAX_EARLY_PRIORITIES,
  MAX_FAILURES_PER_SECOND,
  MAX_HANDLERS,
} from "../../limits/limits.ts";

/**
 * Serves the requests that come over a connection.
 *
 * @param transport A connection whose protocol is h3.
 * @param handler Makes the response to each request.
 * @throws {TypeError} If its incoming streams are read already.
 *
 * @example
 * ```ts ignore
 * serveConnection(connection, (request) => new Response(`You asked for ${request.url}`));
 * ```
 */
export function serveConnection<T extends H3Transport>(
  transport: T,
  handler: RequestHandler<T>,
  options: H3ServerOptions = {},
): H3Server {
  // The handler is only ever given this connection, so it need not know of others.
  return new H3Server(transport, handler as RequestHandler, options);
}

/** The server's end of an HTTP/3 connection. */
export class H3Server implements AsyncDisposable {
  readonly #connection: H3Connection;
  readonly #handler: RequestHandler;
  readonly #options: H3ServerOptions;
  /** Requests for sessions of WebTransport, if it takes them. */
  #requests: SessionRequests | undefined;
  readonly #sendStreams = new Map<number, H3SendStream>();
  /** Priorities of requests whose fields have not been read. */
  #earlyPriorities: Map<number, string> | undefined;
  readonly #unread = new Set<number>();
  /** The stream ID after the last one seen. */
  #nextId = 0;
  /** Requests from this stream ID on are refused. */
  #goAwayId = Infinity;
  /** Tells `#accept`, the only caller of `#slotFree`, that a request has been served. */
  #onFree: (() => void) | undefined;
  /** Tells `shutdown` that no request is being served. */
  #onIdle: (() => void) | undefined;
  #failureWindow = 0;
  #failures = 0;

  /** Use `serveConnection`. */
  constructor(transport: H3Transport, handler: RequestHandler, options: H3ServerOptions) {
    checkOptions(options);
    this.#handler = handler;
    this.#options = options;
    this.#connection = new H3Connection(transport, "server", connectionOptions(options), {
      onGoAway: () => {}, // RFC 9114, Section 5.2: it limits pushes, and there are none
      onPriorityUpdate: (id, priority) => this.#onPriorityUpdate(id, priority),
      onSessionStream: (id, frames, stream) => {
        this.#requests?.sessions.receive(id, frames, stream);
      },
      sessionRoom: () => this.#requests?.sessions.unidirectionalRoom,
    });
    const { webTransport } = options;
    if (webTransport) this.#requests = new SessionRequests(this.#connection, webTransport);
    this.#accept(transport.incomingBidirectionalStreams);
  }

  /** Settles when the connection has ended, however it did. */
  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  /** How many requests are being served. */
  get active(): number {
    return this.#sendStreams.size;
  }

  /** Takes no further requests, lets those under way finish, then closes the connection. */
  async shutdown(): Promise<void> {
    if (this.#goAwayId === Infinity) {
      this.#goAwayId = this.#nextId;
      this.#connection.goAway(this.#goAwayId);
      this.#requests?.sessions.shutDown();
      // A handler may work on after its client has left: only the connection is waited for then.
      await Promise.race([this.#idle(), this.closed]);
      // RFC 9114, Section 5.2: what was sent before the GOAWAY had come is refused and can be sent
      // again elsewhere; with the connection it would be lost. Clients that are done close it.
      await this.#closedWithin(GOODBYE);
      this.#connection.close();
    }
    await this.closed;
  }

  /** The same as `shutdown()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  async #accept(incoming: ReadableStream<H3BidirectionalStream>): Promise<void> {
    const streams = incoming.getReader();
    const most = this.#options.maxConcurrentHandlers ?? MAX_HANDLERS;
    try {
      for (;;) {
        // Streams that are not accepted slow the peer down, because it may open only a limited
        // number.
        while (this.active >= most) await this.#slotFree();
        await this.#requests?.sessions.bidirectionalRoom;
        if (!(await this.#acceptOne(streams))) return;
      }
    } catch {
      // The transport has ended; `closed` tells how.
    }
  }

  /**
   * Takes up one stream; false when no more will come. It is a function of its own so that nothing
   * remembers the stream while the next one is waited for, as a loop would.
   */
  async #acceptOne(
    streams: ReadableStreamDefaultReader<H3BidirectionalStream>,
  ): Promise<boolean> {
    const { done, value } = await streams.read();
    if (done) return false;
    this.#serve(value);
    return true;
  }

  async #serve(stream: H3BidirectionalStream): Promise<void> {
    const id = Number(stream.writable.id);
    const frames = new FrameReader(stream.readable);
    this.#sendStreams.set(id, stream.writable);
    this.#unread.add(id);
    const isRequest = !this.#requests || !(await this.#isOfSession(stream, frames));
    if (isRequest) await this.#answer(new RequestStream(this.#connection, stream, frames), stream);
    this.#sendStreams.delete(id);
    this.#unread.delete(id);
    this.#earlyPriorities?.delete(id);
    this.#onFree?.();
    if (this.active === 0) this.#onIdle?.();
  }

  /** Gives a stream to the session that its first bytes name, if they do (WebTransport, Section 4.3). */
  async #isOfSession(stream: H3BidirectionalStream, frames: FrameReader): Promise<boolean> {
    const stop = later(this.#options.headerTimeout ?? HEADER_TIMEOUT, () => frames.cancel(late()));
    const isThere = await frames.lookAhead();
    stop();
    if (!isThere || frames.type !== SESSION_SIGNAL) return false;
    const { readable, writable } = stream;
    this.#requests?.sessions.receive(frames.remaining, frames, readable, writable);
    return true;
  }

  async #answer(request: RequestStream, stream: H3BidirectionalStream): Promise<void> {
    const { id } = request;
    if (id >= this.#goAwayId) {
      request.fail(refused());
      return request.release();
    }
    this.#nextId = Math.max(this.#nextId, id + 4);
    const exchange = new ServerExchange(request, this.#handler, this.#options, {
      transport: this.#connection.transport,
      extendedConnect: this.#connection.extendedConnect,
      sessions: this.#requests,
      early: () => stream.readable.early === true,
      prioritize: (priority) => this.#prioritize(id, priority),
      onFailed: () => this.#onFailed(),
      leave: () => void this.shutdown(),
    });
    await exchange.run();
    request.release();
  }

  async #closedWithin(milliseconds: number): Promise<void> {
    const late = Promise.withResolvers<void>();
    const stop = later(milliseconds, late.resolve);
    await Promise.race([this.closed, late.promise]);
    stop();
  }

  /** Resolves when the next request has been served. */
  #slotFree(): Promise<void> {
    return new Promise((resolve) => (this.#onFree = resolve));
  }

  /** Resolves when no request is being served. */
  #idle(): Promise<void> {
    if (this.active === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#onIdle = resolve));
  }

  /** RFC 9218, Section 7: an update that came first wins over the header. */
  #prioritize(id: number, header: string | null): void {
    const field = this.#earlyPriorities?.get(id) ?? header;
    this.#earlyPriorities?.delete(id);
    this.#unread.delete(id);
    const stream = this.#sendStreams.get(id);
    if (field === null || !stream) return;
    const priority = parsePriority(field);
    this.#connection.log?.priorityUpdated(id, priority, undefined, "client_signal_received");
    applyPriority(stream, priority);
  }

  #onPriorityUpdate(id: number, priority: string): void {
    const stream = this.#sendStreams.get(id);
    if (stream) {
      const wanted = parsePriority(priority);
      this.#connection.log?.priorityUpdated(id, wanted, stream, "client_signal_received");
      applyPriority(stream, wanted);
    }
    const isDecided = stream ? !this.#unread.has(id) : id < this.#nextId;
    if (isDecided) return;
    const known = this.#earlyPriorities ??= new Map();
    if (known.size < MAX_EARLY_PRIORITIES || known.has(id)) known.set(id, priority);
  }

  /** Requests opened and cancelled at once cost us more than the peer: there is a limit. */
  #onFailed(): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#failureWindow) this.#failures = 0;
    this.#failureWindow = second;
    if (++this.#failures > (this.#options.maxFailuresPerSecond ?? MAX_FAILURES_PER_SECOND)) {
      this.#connection.fail(
        new ApplicationError(H3ErrorCode.ExcessiveLoad, "Cannot serve so many failing requests"),
      );
    }
  }
}

/** Milliseconds for a GOAWAY to reach the client, and for what was on its way to reach us. */
const GOODBYE = 500;

/** What the connection is told: sessions need extended CONNECT and datagrams. */
function connectionOptions({ webTransport, ...options }: H3ServerOptions): H3ConnectionOptions {
  if (!webTransport) return { ...options, extendedConnect: options.onConnect !== undefined };
  return {
    ...options,
    extendedConnect: true,
    datagrams: true,
    webTransportSettings: OUR_WEB_TRANSPORT,
  };
}

function late(): StreamError {
  return new StreamError(H3ErrorCode.RequestIncomplete, "Cannot wait any longer for the request");
}

function refused(): StreamError {
  return new StreamError(H3ErrorCode.RequestRejected, "Cannot take requests while shutting down");
}
