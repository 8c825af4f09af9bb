// Asks for tunnels and sends requests over HTTP/2: the client's end of a connection over TCP.

import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import { checkBytes } from "../bytes/bytes.ts";
import { CapsuleDatagrams } from "./capsule_datagrams.ts";
import { exchangeOver } from "./client_exchange.ts";
import { fieldsOf, requestFields } from "./fields.ts";
import { endLate } from "./late_end.ts";
import { broken, happened, readableOf, write } from "./node_streams.ts";
import { showSocket } from "./show_socket.ts";
import { openTls, type TlsOptions } from "./tls_socket.ts";

const { NGHTTP2_CANCEL, NGHTTP2_CONNECT_ERROR } = constants;

/** How to connect to a server over TCP, and what to expect of it. */
export interface H2ConnectOptions extends TlsOptions {
  /** Milliseconds that the connection is kept without a stream. */
  readonly idleTimeout: number;
}

/** A tunnel that a server has opened. */
export interface H2Tunnel {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<Uint8Array>;
  /** The datagrams in its capsules; the streams are in use by them then. */
  readonly datagrams: CapsuleDatagrams | undefined;
  /** Resolves when both directions have ended, however they did. */
  readonly closed: Promise<void>;
}

/** What a server answered. */
export interface H2Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined if the server has refused. */
  readonly tunnel: H2Tunnel | undefined;
}

/** Bytes that the server may send before they are read: on one stream, and on all of them. */
const STREAM_WINDOW = 4_194_304;
const CONNECTION_WINDOW = 16_777_216;
/** Milliseconds between two questions whether the connection still lives, while there are streams. */
const PING_INTERVAL = 25_000;
/** Milliseconds that an answer to one may take. */
const PING_TIMEOUT = 10_000;

/** A connection to a server over TCP. */
export class H2Client {
  /** Resolves when the connection has ended. */
  readonly closed: Promise<void>;
  readonly #session: ClientHttp2Session;
  readonly #authority: string;
  readonly #idleTimeout: number;
  readonly #pings: ReturnType<typeof setInterval>;
  #streams = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  private constructor(session: ClientHttp2Session, authority: string, idleTimeout: number) {
    this.#session = session;
    this.#authority = authority;
    this.#idleTimeout = idleTimeout;
    session.on("error", ignore);
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.unref();
    this.#pings = setInterval(() => this.#ping(), PING_INTERVAL);
    this.#pings.unref();
    this.closed = new Promise((resolve) => session.on("close", resolve));
    this.closed.then(() => {
      clearInterval(this.#pings);
      clearTimeout(this.#idle);
    });
    this.#restIfIdle();
  }

  /**
   * Connects.
   *
   * @param url A URL of the server.
   * @param signal Gives up.
   * @throws {Error} If there is no way, the certificate is not trusted, or HTTP/2 is not spoken.
   */
  static async connect(
    url: URL,
    options: H2ConnectOptions,
    signal: AbortSignal,
  ): Promise<H2Client> {
    const socket = await openTls(url, options, ["h2"], signal);
    return await H2Client.over(socket, url, options.idleTimeout, signal);
  }

  /**
   * Speaks HTTP/2 over a connection whose handshake is complete.
   *
   * @param idleTimeout Milliseconds that the connection is kept without a stream.
   * @param signal Gives up.
   * @throws {Error} If the server does not speak HTTP/2, or the connection breaks.
   */
  static async over(
    socket: TLSSocket,
    url: URL,
    idleTimeout: number,
    signal: AbortSignal,
  ): Promise<H2Client> {
    const giveUp = () => void socket.destroy(signal.reason);
    signal.addEventListener("abort", giveUp);
    try {
      signal.throwIfAborted();
      const session = await opened(socket, url);
      const client = new H2Client(session, url.host, idleTimeout);
      showSocket(socket, "client", () => client.#streams);
      return client;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  /** Whether further streams can be opened. */
  get isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  /**
   * Asks for a tunnel.
   *
   * @param target A host and its port; with a protocol, the path of a URL.
   * @param protocol That of extended CONNECT (RFC 8441); empty for plain CONNECT.
   * @param signal Gives up asking, and ends the tunnel.
   * @throws {StreamError} If the connection breaks.
   * @throws {TypeError} If the server does not know extended CONNECT.
   */
  async ask(
    target: string,
    protocol: string,
    headers: Headers,
    signal: AbortSignal,
  ): Promise<H2Answer> {
    signal.throwIfAborted();
    const isExtended = protocol !== "";
    if (isExtended && !this.#session.remoteSettings.enableConnectProtocol) {
      throw new TypeError("Cannot talk over UDP: the proxy does not know that over TCP");
    }
    const place = isExtended
      ? {
        ":protocol": protocol,
        ":scheme": "https",
        ":authority": this.#authority,
        ":path": target,
      }
      : { ":authority": target };
    const fields = { ":method": "CONNECT", ...place, ...Object.fromEntries(headers) };
    const stream = this.#session.request(fields, { endStream: false });
    this.#hold(stream);
    const end = () => reset(stream);
    signal.addEventListener("abort", end);
    // It may be over as soon as its answer is there: a proxy may end the stream with that.
    const closed = new Promise<void>((resolve) => stream.on("close", resolve));
    closed.then(() => signal.removeEventListener("abort", end));
    const answer = await responseOf(stream);
    const isOk = answer.status >= 200 && answer.status < 300;
    if (!isOk) reset(stream);
    return { ...answer, tunnel: isOk ? tunnelOf(stream, closed, protocol) : undefined };
  }

  /**
   * Sends a request, and does not follow redirects.
   *
   * @throws {TypeError} If the connection breaks, or the server breaks the answer off.
   */
  async fetch(request: Request): Promise<Response> {
    request.signal.throwIfAborted();
    const stream = this.#session.request(requestFields(request), {
      endStream: request.body === null,
    });
    this.#hold(stream);
    return await exchangeOver(request, {
      target: stream,
      answer: responseOf(stream).then((head) => ({
        ...head,
        protocol: "HTTP/2",
        source: stream,
        isWhole: () => stream.rstCode === 0,
      })),
      closed: new Promise((resolve) => stream.on("close", resolve)),
      cancel: () => stream.close(NGHTTP2_CANCEL),
    });
  }

  /** Ends the connection, and all its streams; resolves when it is over. */
  close(): Promise<void> {
    this.#session.destroy();
    return this.closed;
  }

  /** The process, and the connection, stay as long as there are streams. */
  #hold(stream: ClientHttp2Stream): void {
    stream.on("error", ignore);
    clearTimeout(this.#idle);
    if (this.#streams++ === 0) this.#session.ref();
    stream.on("close", () => {
      if (--this.#streams === 0) this.#restIfIdle();
    });
  }

  #restIfIdle(): void {
    this.#session.unref();
    if (this.#idleTimeout > LONGEST) return;
    this.#idle = setTimeout(() => this.#session.close(), this.#idleTimeout);
    this.#idle.unref();
  }

  #ping(): void {
    if (this.#streams === 0 || !this.isOpen) return;
    const late = setTimeout(() => this.#session.destroy(), PING_TIMEOUT);
    late.unref();
    this.#session.ping(() => clearTimeout(late));
  }
}

/** Timers take 31 bits of milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Waits for the settings of the server. */
async function opened(socket: TLSSocket, url: URL): Promise<ClientHttp2Session> {
  if (socket.alpnProtocol !== "h2") {
    throw new TypeError("Cannot use TCP: HTTP/2 is not spoken there");
  }
  socket.setNoDelay(true);
  socket.setKeepAlive(true, PING_INTERVAL);
  const session = connect(url.origin, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW },
  });
  endLate(session);
  await happened(session, "remoteSettings");
  return session;
}

function responseOf(stream: ClientHttp2Stream): Promise<Omit<H2Answer, "tunnel">> {
  return new Promise((resolve, reject) => {
    stream.on("response", (fields) => {
      resolve({ status: Number(fields[":status"]), headers: fieldsOf(fields) });
    });
    stream.on("close", () => reject(broken(new Error("the server has broken it off"))));
  });
}

function tunnelOf(
  stream: ClientHttp2Stream,
  closed: Promise<void>,
  protocol: string,
): H2Tunnel {
  const readable = readableOf(stream, undefined, () => reset(stream));
  const datagrams = protocol === "" ? undefined : new CapsuleDatagrams(readable, {
    get waiting() {
      return stream.writableLength;
    },
    write: (bytes) => write(stream, bytes),
  });
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      controller.signal.addEventListener("abort", () => reset(stream));
      closed.then(() => {
        if (!stream.writableFinished || stream.rstCode !== 0) controller.error(broken());
      });
    },
    write: async (chunk) => {
      try {
        checkBytes(chunk, "write to a tunnel");
        await write(stream, chunk);
      } catch (error) {
        reset(stream); // the other end waits no longer
        throw error;
      }
    },
    close: () => void stream.end(),
  });
  return { readable, writable, datagrams, closed };
}

/** Breaks a stream off: the runtime would say that all had been sent. */
function reset(stream: ClientHttp2Stream): void {
  stream.end = () => stream;
  stream.close(NGHTTP2_CONNECT_ERROR);
}

function ignore(): void {}
