// Sends requests over TCP, by HTTP/2 or HTTP/1.1: `TcpClient`.

import type { ConnectOptions } from "../api/options/options.ts";
import { authoritiesOf, trustOf } from "../api/options/trust.ts";
import { RequestPlan } from "../http3/client/request_plan.ts";
import type { TLSSocket } from "node:tls";
import { idempotentMethods, lost } from "./client_exchange.ts";
import { H1Client } from "./h1_client.ts";
import { H2Client } from "./h2_client.ts";
import { openTls, type TlsOptions } from "./tls_socket.ts";

/**
 * What a `TcpClient` expects of servers, and what it shows them.
 *
 * @category HTTP/3
 */
export interface TcpClientOptions
  extends Pick<ConnectOptions, "caCerts" | "revocation" | "cert" | "key"> {
  /** A literal local address to connect from; the system chooses if left out. */
  localAddress?: string;
  /**
   * Milliseconds for which an unused connection is kept; `Infinity` for any time.
   *
   * @default {Infinity}
   */
  idleTimeout?: number;
}

/** Milliseconds that a connection may take to come about. */
const CONNECT_TIMEOUT = 10_000;

/**
 * Sends requests over TCP, by HTTP/2 or HTTP/1.1, with what the platform's `fetch` lacks: servers are
 * judged by lists of revoked certificates as well, and live views show the connections.
 *
 * Connections are kept until `close()`, or for `idleTimeout`, and do not keep the process without a
 * request. Content comes as the server sent it, and redirects are not followed.
 *
 * @example
 * ```ts
 * import { makeIssuedCertificate, serveTcp, TcpClient } from "@mpquic/mpquic";
 *
 * const { certPem: cert, keyPem: key, caPem } = await makeIssuedCertificate(["127.0.0.1"]);
 * const place = { port: 0, localAddresses: ["127.0.0.1"] };
 * await using server = await serveTcp({ ...place, cert, key }, () => new Response("Hello"));
 *
 * await using client = new TcpClient({ caCerts: [caPem] });
 * const response = await client.fetch(`https://127.0.0.1:${server.addrs[0]!.port}/`);
 * console.log(await response.text());
 * ```
 *
 * @category HTTP/3
 */
export class TcpClient implements AsyncDisposable {
  readonly #options: TlsOptions;
  readonly #idleTimeout: number;
  readonly #clients = new Map<string, Promise<H2Client | H1Client>>();
  readonly #closing = new AbortController();

  /**
   * Makes a client, which connects when it is asked to fetch.
   *
   * @param options What is expected of servers, and shown to them.
   * @throws {TypeError} If authorities are needed, and neither named nor to be read.
   */
  constructor(options: TcpClientOptions = {}) {
    const { revocation, cert, key, localAddress, idleTimeout = Infinity } = options;
    this.#idleTimeout = idleTimeout;
    this.#options = {
      ca: authoritiesOf(options),
      insecure: false,
      // The runtime knows no lists of revoked certificates.
      trust: revocation && trustOf(options),
      cert,
      key,
      localAddress,
    };
  }

  /**
   * Sends a request.
   *
   * @param input An https URL, or a request for one.
   * @param init What the platform's `fetch` takes; redirects come as they are.
   * @returns The response, once its fields are there; its body comes as it is read.
   * @throws {TypeError} If the URL is not https, the connection breaks, or the client is closed.
   * @throws {TransportError} If the certificate of the server is not trusted: with the code that it
   * has over QUIC where it was revoked, or that cannot be told.
   */
  async fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const plan = await RequestPlan.from(input, init);
    try {
      return await this.#send(plan);
    } catch (error) {
      plan.discard(error);
      throw error;
    }
  }

  /** Sends a request, again where that cannot do harm. */
  async #send(plan: RequestPlan): Promise<Response> {
    for (;;) {
      const known = this.#clients.get(plan.url.origin);
      const client = await this.#lease(plan.url, plan.signal);
      try {
        return await client.fetch(plan.request());
      } catch (error) {
        plan.signal.throwIfAborted();
        // A connection that was kept may have ended before the request came. What ends one that was
        // made for the request would end the next as well.
        const isKept = await known?.catch(() => undefined) === client;
        const isStale = isKept && !client.isOpen;
        const mayRepeat = isStale && plan.isRepeatable && idempotentMethods.has(plan.method);
        if (!mayRepeat) throw error;
      }
    }
  }

  /** Ends all connections, those that are just being made too; resolves when they are over. */
  async close(): Promise<void> {
    this.#closing.abort(new TypeError("Cannot fetch: the client is closed"));
    const clients = await Promise.allSettled(this.#clients.values());
    this.#clients.clear();
    await Promise.all(clients.map((one) => one.status === "fulfilled" && one.value.close()));
  }

  /** Ends all connections; resolves when they are over. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The client for a server: one that is there, or a new one. */
  async #lease(url: URL, signal: AbortSignal): Promise<H2Client | H1Client> {
    const known = this.#clients.get(url.origin);
    const isMissing = known === undefined || !(await known.catch(() => undefined))?.isOpen;
    // A connection that no request waits for would fail unheard, which ends the process.
    signal.throwIfAborted();
    this.#closing.signal.throwIfAborted();
    // Another request may have noticed first.
    if (isMissing && this.#clients.get(url.origin) === known) {
      this.#clients.set(url.origin, this.#open(url));
    }
    // Others may wait for the same connection, so a signal ends the waiting only.
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      return await Promise.race([this.#clients.get(url.origin)!, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #open(url: URL): Promise<H2Client | H1Client> {
    const late = this.#untilLate();
    const socket = await this.#connect(url, ["h2", "http/1.1"], late);
    if (socket.alpnProtocol === "h2") {
      return await H2Client.over(socket, url, this.#idleTimeout, late).catch(cannotConnect);
    }
    const further = () => this.#connect(url, ["http/1.1"], this.#untilLate());
    return new H1Client(socket, further, this.#idleTimeout);
  }

  /** Ends attempts to connect. */
  #untilLate(): AbortSignal {
    return AbortSignal.any([AbortSignal.timeout(CONNECT_TIMEOUT), this.#closing.signal]);
  }

  async #connect(
    url: URL,
    protocols: readonly string[],
    signal: AbortSignal,
  ): Promise<TLSSocket> {
    return await openTls(url, this.#options, protocols, signal).catch(cannotConnect);
  }
}

function cannotConnect(error: unknown): never {
  throw lost(error, "connect over TCP");
}
