// Sends requests over HTTP/1.1: the client's end of connections over TLS.

import type { IncomingMessage } from "node:http";
import { Agent, request as begin } from "node:https";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { exchangeOver, idempotentMethods, type TcpAnswer } from "./client_exchange.ts";
import { laterInBackground } from "../http3/timer.ts";
import { fieldsOf } from "./fields.ts";
import { showSocket } from "./show_socket.ts";

/** One server that speaks HTTP/1.1: a connection for each request at a time, kept for others. */
export class H1Client {
  /** Connections are kept for requests that do no harm if they come twice. */
  readonly #kept: OwnAgent;
  readonly #single: OwnAgent;
  readonly #busy = new Set<Duplex>();
  readonly #sockets = new Set<TLSSocket>();
  /** Call off the ends of connections without a request. */
  readonly #rests = new WeakMap<Duplex, () => void>();
  readonly #idleTimeout: number;
  #isOpen = true;

  /**
   * @param first A connection whose handshake is complete.
   * @param open Opens further ones.
   * @param idleTimeout Milliseconds that a connection is kept without a request.
   */
  constructor(first: TLSSocket, open: () => Promise<TLSSocket>, idleTimeout: number) {
    this.#idleTimeout = idleTimeout;
    const shown = (socket: TLSSocket) => {
      showSocket(socket, "client", () => this.#busy.has(socket) ? 1 : 0);
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      if (!this.#isOpen) socket.destroy();
      return socket;
    };
    let spare: TLSSocket | undefined = shown(first);
    const next = async () => {
      const socket = spare;
      spare = undefined;
      return socket === undefined || socket.destroyed ? shown(await open()) : socket;
    };
    this.#kept = new OwnAgent(true, next);
    this.#single = new OwnAgent(false, next);
  }

  /** Whether further requests can be sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Sends a request, and does not follow redirects.
   *
   * @throws {TypeError} If the connection breaks, or the server breaks the answer off.
   */
  async fetch(request: Request): Promise<Response> {
    const { method, url, headers, signal } = request;
    signal.throwIfAborted();
    const { hostname, port, pathname, search } = new URL(url);
    const outgoing = begin({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 443),
      path: pathname + search,
      method,
      headers: Object.fromEntries(headers),
      // RFC 9110, Section 9.2.2: the runtime sends a request again whose kept connection has ended.
      agent: idempotentMethods.has(method) ? this.#kept : this.#single,
    });
    outgoing.on("socket", (socket) => {
      this.#rests.get(socket)?.();
      this.#busy.add(socket);
      outgoing.on("close", () => {
        this.#busy.delete(socket);
        this.#rests.set(socket, laterInBackground(this.#idleTimeout, () => socket.destroy()));
      });
    });
    return await exchangeOver(request, {
      target: outgoing,
      answer: new Promise<TcpAnswer>((resolve, reject) => {
        outgoing.on("response", (incoming) => resolve(answerOf(incoming)));
        outgoing.on("error", reject);
        outgoing.on("close", () => reject(new Error("the server has broken it off")));
      }),
      closed: new Promise((resolve) => outgoing.on("close", resolve)),
      cancel: (reason) => {
        outgoing.destroy(reason instanceof Error ? reason : new Error("It was given up"));
      },
    });
  }

  /** Ends all connections; resolves when they are over. */
  async close(): Promise<void> {
    this.#isOpen = false;
    await Promise.all(Array.from(this.#sockets, (socket) => {
      const closed = new Promise((resolve) => socket.on("close", resolve));
      socket.destroy();
      return closed;
    }));
  }
}

function answerOf(incoming: IncomingMessage): TcpAnswer {
  const { statusCode: status = 0, statusMessage: reason, httpVersion, headers } = incoming;
  const isWhole = () => incoming.complete;
  const protocol = `HTTP/${httpVersion}`;
  return { status, reason, protocol, headers: fieldsOf(headers), source: incoming, isWhole };
}

/** Has connections opened that are missing. */
class OwnAgent extends Agent {
  readonly #open: () => Promise<TLSSocket>;

  constructor(keepAlive: boolean, open: () => Promise<TLSSocket>) {
    super({ keepAlive });
    this.#open = open;
  }

  override createConnection(
    _options: unknown,
    done?: (error: Error | null, socket: Duplex) => void,
  ): Duplex {
    // The runtime takes an error without a connection.
    this.#open().then((socket) => done?.(null, socket), (error) => done?.(error, undefined!));
    return undefined!; // the connection comes later
  }
}
