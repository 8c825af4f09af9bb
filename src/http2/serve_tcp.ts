// Serves HTTP/2 and HTTP/1.1 over TLS, with tunnels: `serveTcp`.

import type { IncomingMessage } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { Socket } from "node:net";
import type { SecureContext, TLSSocket } from "node:tls";
import type { CertificateOptions } from "../api/options/credentials.ts";
import type { ClientAuthentication } from "../api/options/options.ts";
import type { TunnelHandler } from "../http3/handler.ts";
import { TCP_HANDSHAKE_TIMEOUT } from "../limits/limits.ts";
import { Door } from "./door.ts";
import { answer, type NodeRequest, type NodeResponse, type TcpRequestHandler } from "./exchange.ts";
import { TcpCertificates } from "./certificates.ts";
import { ClientJudge } from "./client_judge.ts";
import { type Guest, Guests, type TcpServerLimits } from "./guests.ts";
import { h1Refusal, h1Tunnel, h1UpgradeTunnel } from "./h1_tunnel.ts";
import { h2Tunnel } from "./h2_tunnel.ts";
import { endLate } from "./late_end.ts";
import { serverNameOf, showSocket } from "./show_socket.ts";
import { carryTunnel, partFrom, type TunnelStream } from "./tunnel.ts";

/**
 * What `serveTcp` takes.
 *
 * @category HTTP/3
 */
export interface ServeTcpOptions extends CertificateOptions {
  /** The TCP port; 0 lets the system choose one. */
  port: number;
  /**
   * Literal local addresses to listen on.
   *
   * @default {["0.0.0.0"]}
   */
  localAddresses?: readonly string[];
  /** Answers extended CONNECT (RFC 8441), and upgrades to connect-udp (RFC 9298, Section 3.2). */
  onConnect?: TunnelHandler;
  /** Answers plain CONNECT; it is refused with 501 without it. */
  onConnectTcp?: TunnelHandler;
  /**
   * Asks clients for certificates, and ends the connections of those whose certificates do not count:
   * over TCP the runtime has no alert that says why.
   */
  clientCertificates?: ClientAuthentication;
  /** How much clients may take up. */
  limits?: TcpServerLimits;
}

/**
 * A server of HTTP/2 and HTTP/1.1.
 *
 * @category HTTP/3
 */
export interface TcpHttpServer extends AsyncDisposable {
  /** Where it listens. */
  readonly addrs: readonly Deno.NetAddr[];
  /** How many connections there are. */
  readonly connections: number;
  /**
   * Listens on further addresses as well.
   *
   * @param localAddresses Literal addresses; those that are listened on already are passed over, and
   * all when the server has been stopped.
   * @throws {Error} If the port is taken at one of them.
   */
  follow(localAddresses: readonly string[]): Promise<void>;
  /**
   * Shows other certificates to those that come from now on.
   *
   * @throws {TypeError} If one cannot be read; then all stays as it was.
   */
  setCertificates(certificates: CertificateOptions): void;
  /** Takes no further connections, and ends those with nothing under way; resolves at the end of all. */
  shutdown(): Promise<void>;
  /** Ends all connections. */
  close(): void;
}

/** Bytes of one stream, and of one connection, that a client may send before they are read. */
const STREAM_WINDOW = 1_048_576;
const CONNECTION_WINDOW = 4_194_304;
/** Streams of one connection, of which tunnels may be all. */
const MOST_STREAMS = 2_048;
/** Streams per second that a client may reset before they are answered (CVE-2023-44487). */
const MOST_RESETS = 200;

/**
 * Serves HTTP/2 and HTTP/1.1 over TLS, for clients that UDP does not reach: their tunnels go to the
 * same handlers as those of `serve`, and datagrams travel in capsules (RFC 9297).
 *
 * @param options Where to listen, with which certificate, and what answers tunnels.
 * @param handler Answers other requests.
 * @returns The running server.
 * @throws {Error} If the port is taken, or the certificate cannot be used.
 *
 * @example
 * ```ts ignore
 * import { proxyHandlers, ProxyUsers, serve, serveTcp } from "@mpquic/mpquic";
 *
 * const { onConnect, onConnectTcp, ...more } = proxyHandlers({ users: new ProxyUsers(lines) });
 * const options = { port: 443, cert, key, onConnect, onConnectTcp };
 * const server = serve({ ...options, ...more }, () => new Response("Nothing here"));
 * await serveTcp(options, () => new Response("Nothing here"));
 * ```
 *
 * @category HTTP/3
 */
export async function serveTcp(
  options: ServeTcpOptions,
  handler: TcpRequestHandler,
): Promise<TcpHttpServer> {
  const server = new TcpServer(options, handler);
  try {
    await server.follow(options.localAddresses ?? ["0.0.0.0"]);
  } catch (error) {
    server.close();
    throw error;
  }
  return server;
}

class TcpServer implements TcpHttpServer {
  readonly #options: ServeTcpOptions;
  readonly #handler: TcpRequestHandler;
  readonly #guests: Guests;
  readonly #doors = new Map<string, Door>();
  readonly #certificates: TcpCertificates;
  readonly #judge: ClientJudge | undefined;
  /** The last request of each connection. */
  readonly #last = new WeakMap<Socket, { request: NodeRequest; response: NodeResponse }>();
  #port: number;
  #isStopped = false;

  constructor(options: ServeTcpOptions, handler: TcpRequestHandler) {
    this.#options = options;
    this.#handler = handler;
    this.#guests = new Guests(options.limits ?? {});
    const { clientCertificates } = options;
    this.#judge = clientCertificates && new ClientJudge(clientCertificates);
    this.#certificates = new TcpCertificates(options, this.#judge?.ca ?? []);
    this.#port = options.port;
  }

  get addrs(): readonly Deno.NetAddr[] {
    return Array.from(this.#doors.keys(), (hostname) => {
      return { transport: "tcp", hostname, port: this.#port };
    });
  }

  get connections(): number {
    return this.#guests.size;
  }

  async follow(localAddresses: readonly string[]): Promise<void> {
    for (const hostname of localAddresses) {
      if (this.#isStopped || this.#doors.has(hostname)) continue;
      const door = await Door.open(() => this.#newServer(), hostname, this.#port);
      if (this.#isStopped) return void door.close();
      this.#port = door.port;
      this.#doors.set(hostname, door);
    }
  }

  setCertificates(certificates: CertificateOptions): void {
    this.#certificates.replace(certificates);
    const { cert, key } = certificates;
    for (const door of this.#doors.values()) {
      door.setSecureContext({ cert, key, ...this.#authorities });
    }
  }

  async shutdown(): Promise<void> {
    this.#isStopped = true;
    const ends = Array.from(this.#doors.values(), (door) => door.close());
    this.#guests.end(false);
    await Promise.all(ends);
    this.#guests.end(true);
  }

  close(): void {
    this.#isStopped = true;
    for (const door of this.#doors.values()) door.close();
    this.#guests.end(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = this.shutdown();
    this.#guests.end(true);
    await ended;
  }

  /** The authorities of clients' certificates, among which the runtime looks for issuers. */
  get #authorities(): { readonly ca?: string[] } {
    return this.#judge === undefined ? {} : { ca: [...this.#judge.ca] };
  }

  #newServer(): Http2SecureServer {
    const server = createSecureServer({
      cert: this.#certificates.first.cert,
      key: this.#certificates.first.key,
      SNICallback: (name, done) => {
        // What the application throws ends this handshake, as over QUIC, and not the process.
        let context: SecureContext;
        try {
          context = this.#certificates.find(name);
        } catch (error) {
          return done(error instanceof Error ? error : new Error(String(error)));
        }
        done(null, context);
      },
      allowHTTP1: true,
      handshakeTimeout: TCP_HANDSHAKE_TIMEOUT,
      ...(this.#judge && { requestCert: true, rejectUnauthorized: false }),
      ...this.#authorities,
      settings: {
        enableConnectProtocol: this.#options.onConnect !== undefined,
        initialWindowSize: STREAM_WINDOW,
        maxConcurrentStreams: this.#guests.limits.requests ?? MOST_STREAMS,
      },
    });
    server.on("connection", (socket: Socket) => {
      socket.setNoDelay(true); // the end of an answer waits for no acknowledgement
      this.#guests.take(socket);
    });
    server.on("secureConnection", (socket: TLSSocket) => this.#open(socket));
    server.on("session", (session: ServerHttp2Session) => this.#watch(session));
    server.on("stream", (stream, fields) => this.#takeStream(stream, fields));
    server.on("request", (request: NodeRequest, response: NodeResponse) => {
      if (request.method !== "CONNECT") this.#takeRequest(request, response);
    });
    server.on("connect", (request: IncomingMessage, socket: TLSSocket, first: Uint8Array) => {
      if (request.httpVersionMajor === 1) this.#takeConnect(request, socket, first);
    });
    server.on("upgrade", (request: IncomingMessage, socket: TLSSocket, first: Uint8Array) => {
      this.#takeUpgrade(request, socket, first);
    });
    // What a client does wrong ends its own connection, which needs no further word.
    for (const event of ["sessionError", "tlsClientError"]) server.on(event, ignore);
    server.on("clientError", (error: Error, socket: Socket) => {
      if (this.#mayRefuse(socket)) refuse(error, socket);
      else socket.destroy();
    });
    return server;
  }

  /** The handshake is complete: a client whose certificate does not count goes no further. */
  #open(socket: TLSSocket): void {
    try {
      this.#guests.open(socket, this.#judge?.judge(socket) ?? [], serverNameOf(socket));
    } catch {
      return void socket.destroy();
    }
    const guest = this.#guests.find(socket);
    showSocket(socket, "server", () => guest?.exchanges ?? 0);
  }

  /** A client may not have requests begun and reset as fast as it can. */
  #watch(session: ServerHttp2Session): void {
    endLate(session);
    session.setLocalWindowSize(CONNECTION_WINDOW);
    session.on("error", ignore);
    let resets = 0;
    let since = performance.now();
    session.on("stream", (stream: ServerHttp2Stream) => {
      stream.on("aborted", () => {
        const now = performance.now();
        if (now - since > 1_000) [resets, since] = [0, now];
        if (++resets > MOST_RESETS) session.destroy();
      });
    });
  }

  #takeStream(stream: ServerHttp2Stream, fields: IncomingHttpHeaders): void {
    if (fields[":method"] !== "CONNECT") return; // it is a request, which has an event of its own
    stream.on("error", ignore);
    const tunnel = h2Tunnel(stream, fields);
    if (tunnel === undefined) return void stream.close(PROTOCOL_ERROR);
    this.#carry(tunnel, stream.session?.socket);
  }

  #takeConnect(request: IncomingMessage, socket: TLSSocket, first: Uint8Array): void {
    prepare(socket);
    const reset = () => this.#guests.find(socket)?.reset();
    this.#carry(h1Tunnel(request, socket, first, reset), socket);
  }

  #takeUpgrade(request: IncomingMessage, socket: TLSSocket, first: Uint8Array): void {
    prepare(socket);
    const reset = () => this.#guests.find(socket)?.reset();
    const tunnel = h1UpgradeTunnel(request, socket, first, reset);
    if (tunnel !== undefined) return void this.#carry(tunnel, socket);
    socket.end(h1Refusal(new Response(null, { status: 400 })));
    partFrom(socket);
  }

  async #carry(tunnel: TunnelStream, socket: Socket | undefined): Promise<void> {
    const { onConnect, onConnectTcp } = this.#options;
    const handler = (tunnel.protocol === "" ? onConnectTcp : onConnect) ?? notImplemented;
    const guest = socket && this.#guests.find(socket);
    guest?.enter();
    if (guest) tunnel.duplex.on("close", () => guest.leave());
    try {
      const { certificates: peerCertificates = [] } = guest ?? {};
      await carryTunnel(tunnel, handler, { connection: { peerCertificates } });
    } catch {
      tunnel.reset(); // the handler failed, and has said so if it wanted to
    }
  }

  /**
   * Whether a client of HTTP/1.1 takes a word about what it sent for the answer to just that: not where
   * requests before are still being answered (RFC 9112, Section 9.3.2).
   */
  #mayRefuse(socket: Socket): boolean {
    const exchanges = this.#guests.find(socket)?.exchanges ?? 0;
    const last = this.#last.get(socket);
    // It may be the content of a request that is wrong.
    const isContent = last !== undefined && !last.request.complete && !last.response.headersSent;
    return exchanges === 0 || (exchanges === 1 && isContent);
  }

  async #takeRequest(request: NodeRequest, response: NodeResponse): Promise<void> {
    const { socket } = request;
    this.#last.set(socket, { request, response });
    const guest: Guest | undefined = this.#guests.find(socket);
    guest?.enter();
    const { remoteAddress = "", remotePort = 0 } = socket;
    const client = {
      remoteAddr: { transport: "tcp", hostname: remoteAddress, port: remotePort } as const,
      peerCertificates: guest?.certificates ?? [],
      serverName: guest?.serverName,
    };
    const { stall: timeout, minBodyRate: rate } = this.#guests.limits;
    const treatment = { patience: { timeout, rate }, turns: guest?.turns };
    try {
      await answer(request, response, this.#handler, client, treatment);
    } finally {
      guest?.leave();
    }
  }
}

/** PROTOCOL_ERROR of RFC 9113, Section 7. */
const PROTOCOL_ERROR = 1;

function notImplemented(): Response {
  return new Response(null, { status: 501 });
}

/** From now on, the end of one direction is not that of the other. */
function prepare(socket: TLSSocket): void {
  socket.allowHalfOpen = true;
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.on("error", ignore);
}

/** What a client sent is no request of HTTP/1.1: its connection ends with a word about that. */
function refuse(error: Error & { code?: unknown }, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
  socket.on("error", ignore);
  socket.end(h1Refusal(new Response(null, { status })), () => socket.destroy());
}

function ignore(): void {}
