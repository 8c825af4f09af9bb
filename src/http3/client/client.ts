// The client end of an HTTP/3 connection: sends requests, reads responses.

import { StreamError } from "../../error/quic_error.ts";
import { reasonIn } from "../../error/reason_in.ts";
import { ClientExchange, type OutgoingRequest } from "./client_exchange.ts";
import { H3ErrorCode } from "../wire/code_point.ts";
import type { ConnectInit } from "../handler.ts";
import {
  announcedLength,
  connectLines,
  connectTcpLines,
  isToken,
  requestLines,
} from "../wire/fields.ts";
import { H3Connection } from "../message/h3_connection.ts";
import type { H3ClientOptions, H3RequestInit } from "../options.ts";
import { RequestStream } from "../message/request_stream.ts";
import type { H3BidirectionalStream, H3Transport } from "../transport.ts";
import type { WebTransportSession } from "../webtransport/web_transport_session.ts";
import { OUR_WEB_TRANSPORT } from "../webtransport/sessions.ts";
import { SessionClient, type SessionInit } from "./session_client.ts";
import { Waiters } from "./waiters.ts";
import { withSignal } from "./with_signal.ts";

/** Methods that may be sent as 0-RTT data (RFC 8470, Section 4). */
const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * The client's end of an HTTP/3 connection.
 *
 * @example
 * ```ts ignore
 * const client = new H3Client(await Deno.connectQuic({ hostname, port, alpnProtocols: ["h3"] }));
 * const response = await client.fetch(new Request("https://localhost/"));
 * ```
 *
 * @category HTTP/3
 */
export class H3Client implements AsyncDisposable {
  #onIdle: (() => void) | undefined;
  readonly #waiters = new Waiters();
  readonly #connection: H3Connection;
  readonly #exchanges = new Set<ClientExchange>();
  /** Sessions of WebTransport, if it is to have them. */
  #sessions: SessionClient | undefined;
  /** Requests that wait for a stream. */
  readonly #opening = new Set<AbortController>();
  #active = 0;
  /** Requests from this stream ID on are not served. */
  #goAwayId = Infinity;
  #isClosing = false;
  #hasEnded = false;
  #drained: (() => void) | undefined;

  /**
   * Makes a client of a connection.
   *
   * @param transport A connection whose protocol is h3.
   * @throws {TypeError} If its incoming streams are read already, by another client for example.
   */
  constructor(transport: H3Transport, options: H3ClientOptions = {}) {
    const { webTransport = false, datagrams, ...others } = options;
    const connectionOptions = {
      ...others,
      datagrams: webTransport || datagrams === true,
      webTransportSettings: webTransport ? OUR_WEB_TRANSPORT : undefined,
    };
    this.#connection = new H3Connection(transport, "client", connectionOptions, {
      onGoAway: (id) => this.#onGoAway(id),
      onPriorityUpdate: () => {},
      onSessionStream: (id, frames, stream) => {
        this.#sessions?.sessions.receive(id, frames, stream);
      },
      sessionRoom: () => this.#sessions?.sessions.unidirectionalRoom,
    });
    this.#connection.closed.then(() => this.#hasEnded = true);
    if (webTransport) this.#sessions = new SessionClient(this.#connection);
    else this.#refuseStreams(transport.incomingBidirectionalStreams);
  }

  /**
   * Called when a caller begins to wait for a response, for a piece of one, or for a body to be
   * sent, and when no caller waits any more.
   */
  set onWaiting(listener: ((isAnybody: boolean) => void) | undefined) {
    this.#waiters.watch(listener);
  }

  /** Called when no request is under way: the last one has ended, or the server goes away. */
  set onIdle(listener: (() => void) | undefined) {
    this.#onIdle = listener;
  }

  /** Settles when the connection has ended, however it did. */
  get closed(): Promise<void> {
    return this.#connection.closed;
  }

  /** Settles when the handshake is complete; requests may be made before. */
  get handshake(): Promise<unknown> {
    return this.#connection.transport.handshake ?? Promise.resolve();
  }

  /** Whether new requests may be made. */
  get isAccepting(): boolean {
    return !this.#isClosing && !this.#hasEnded && this.#goAwayId === Infinity &&
      !this.#connection.failure;
  }

  /** How many requests are under way, bodies included. */
  get active(): number {
    return this.#active;
  }

  /**
   * Makes a request and resolves with its response once the header section is there.
   *
   * A request that was surely not processed rejects with a `StreamError` of H3_REQUEST_REJECTED
   * (0x10b) and may be made again elsewhere.
   *
   * @throws {TypeError} If the body was used before, or its length is not what the headers say.
   */
  async fetch(request: Request, init: H3RequestInit = {}): Promise<Response> {
    const { method, headers, body, signal } = request;
    if (request.bodyUsed) throw new TypeError("Cannot send a body that was read before");
    if (body?.locked) throw new TypeError("Cannot send a body that is being read already");
    const length = announcedLength(headers, body !== null);
    return await this.#run({ method, lines: requestLines(request), body, length, signal }, init);
  }

  /**
   * Asks for a tunnel to be used for another protocol (extended CONNECT, RFC 9220). The body of the
   * response is what the server sends through it, if its status is from 200 to 299.
   *
   * @param protocol The protocol, such as "websocket" or "connect-udp".
   * @throws {TypeError} If the server does not take extended CONNECT, or the protocol is no token.
   */
  async connect(url: string | URL, protocol: string, init: ConnectInit = {}): Promise<Response> {
    if (!isToken(protocol)) throw new TypeError(`Cannot connect to ${url} by "${protocol}"`);
    const { body = null, signal = new AbortController().signal } = init;
    signal.throwIfAborted();
    // RFC 8441, Section 3: not before the server has said that it takes it.
    this.#waiters.begin(); // a connection that is kept must not be closed meanwhile
    const { extendedConnect } = await withSignal(this.#connection.peerSettings, signal)
      .finally(() => this.#waiters.end());
    if (!extendedConnect) {
      throw new TypeError(`Cannot connect to ${url}: the server takes no extended CONNECT`);
    }
    const lines = connectLines(new URL(url), protocol, new Headers(init.headers));
    return await this.#run({ method: "CONNECT", lines, body, length: -1, signal }, {});
  }

  /**
   * Asks for a tunnel to a host, for the bytes of a TCP connection (CONNECT, RFC 9114, Section 4.4).
   * The body of the response is what the host sends, if its status is from 200 to 299.
   *
   * @param target The host and its port, such as "example.com:443" or "[2001:db8::1]:22".
   * @throws {TypeError} If the target has no port.
   */
  async connectTcp(target: string, init: ConnectInit = {}): Promise<Response> {
    if (!/^[^\s/?#@]+:\d+$/.test(target)) {
      throw new TypeError(`Cannot connect to "${target}": give a host and its port`);
    }
    const { body = null, signal = new AbortController().signal } = init;
    const lines = connectTcpLines(target, new Headers(init.headers));
    return await this.#run({ method: "CONNECT", lines, body, length: -1, signal }, {});
  }

  /**
   * Opens a session of WebTransport.
   *
   * @param url The server and the resource; its scheme is https.
   * @param init The fields of the request, and protocols to choose from.
   * @throws {TypeError} If this client has no `webTransport`, or the server does not take it.
   * @throws {WebTransportError} If the server refuses the session.
   */
  async openSession(url: string | URL, init: SessionInit = {}): Promise<WebTransportSession> {
    if (!this.#sessions) {
      throw new TypeError(`Cannot open ${url}: make the client with webTransport: true`);
    }
    return await this.#sessions.open(new URL(url), init, (request, use) => {
      return this.#run(request, {}, use);
    });
  }

  async #run<T = Response>(
    request: OutgoingRequest,
    init: H3RequestInit,
    use: (exchange: ClientExchange) => Promise<Response | T> = (exchange) => exchange.run(),
  ): Promise<T> {
    request.signal.throwIfAborted();
    this.#active++;
    this.#waiters.begin();
    try {
      return await use(await this.#start(request, init)) as T;
    } finally {
      this.#waiters.end();
    }
  }

  async #start(request: OutgoingRequest, init: H3RequestInit): Promise<ClientExchange> {
    try {
      // RFC 8470, Section 4: nothing else goes out while it could be recorded and replayed.
      if (!safeMethods.has(request.method)) await withSignal(this.handshake, request.signal);
      if (!this.isAccepting) throw this.#rejected();
      return await this.#begin(request, init);
    } catch (error) {
      this.#onDone();
      throw error;
    }
  }

  /** Lets the requests under way finish, then closes the connection. */
  async close(): Promise<void> {
    if (!this.#isClosing) {
      this.#isClosing = true;
      if (this.#active > 0) {
        this.#connection.goAway(0);
        await new Promise<void>((resolve) => this.#drained = resolve);
      }
      this.#connection.close();
    }
    await this.closed;
  }

  /** Closes the connection at once; requests under way fail, and so do bodies not yet read. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#connection.close();
    return this.closed;
  }

  async #begin(request: OutgoingRequest, init: H3RequestInit): Promise<ClientExchange> {
    const stream = await this.#openStream(request.signal);
    const requestStream = new RequestStream(this.#connection, stream);
    if (requestStream.id >= this.#goAwayId) {
      requestStream.fail(cancelled());
      requestStream.release();
      throw this.#rejected();
    }
    const exchange = new ClientExchange(
      requestStream,
      stream.writable,
      request,
      init,
      this.#waiters,
    );
    this.#exchanges.add(exchange);
    exchange.done.then(() => {
      this.#exchanges.delete(exchange);
      this.#onDone();
    });
    return exchange;
  }

  /** Opens a stream, as long as the caller waits for it and the server may allow one. */
  async #openStream(signal: AbortSignal): Promise<H3BidirectionalStream> {
    const goneAway = new AbortController();
    this.#opening.add(goneAway);
    const opening = this.#connection.transport.createBidirectionalStream({
      waitUntilAvailable: true,
    });
    try {
      return await withSignal(withSignal(opening, goneAway.signal), signal);
    } catch (error) {
      opening.then(({ readable, writable }) => {
        writable.abort(cancelled()).catch(ignore);
        readable.cancel(cancelled()).catch(ignore);
      }, ignore);
      throw error;
    } finally {
      this.#opening.delete(goneAway);
    }
  }

  #onDone(): void {
    if (--this.#active > 0) return;
    this.#drained?.();
    this.#onIdle?.();
  }

  #onGoAway(id: number): void {
    this.#goAwayId = id;
    this.#sessions?.sessions.onGoAway();
    for (const exchange of this.#exchanges) {
      if (exchange.id >= id) exchange.reject(this.#rejected());
    }
    for (const opening of this.#opening) opening.abort(this.#rejected());
    if (this.#active === 0) this.#onIdle?.();
  }

  /** RFC 9114, Section 4.1.1: nothing was done for the request; it may be made elsewhere. */
  #rejected(): StreamError {
    const cause = this.#connection.ending;
    const why = this.#isClosing
      ? "this client was closed"
      : cause === undefined
      ? "the server takes no more requests on this connection"
      : `the connection is over: ${reasonOf(cause)}`;
    const options = cause === undefined ? undefined : { cause };
    return new StreamError(H3ErrorCode.RequestRejected, `Cannot make a request: ${why}`, options);
  }

  /** RFC 9114, Section 6.1: servers open no streams both ways. */
  async #refuseStreams(incoming: ReadableStream<H3BidirectionalStream>): Promise<void> {
    const streams = incoming.getReader();
    try {
      if ((await streams.read()).done) return;
    } catch {
      return; // the connection has ended
    }
    this.#connection.fail(
      new StreamError(H3ErrorCode.StreamCreationError, "Cannot accept a request as a client"),
    );
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? reasonIn(error.message) : String(error);
}

function cancelled(): StreamError {
  return new StreamError(H3ErrorCode.RequestCancelled, "Cancelled by the application");
}

function ignore(): void {}
