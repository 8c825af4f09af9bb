// The ways to a proxy: over QUIC, which has all paths, and over TCP where that does not get through.

import { MultipathConnection } from "../api/multipath_connection.ts";
import { TransportError } from "../error/quic_error.ts";
import { H2Client } from "../http2/h2_client.ts";
import type { H3Client } from "../http3/client/client.ts";
import { ConnectionPool } from "../http3/client/connection_pool.ts";
import { Identities } from "../http3/client/identities.ts";
import { mayFallBackToTcp } from "../http3/client/tcp_fallback.ts";
import type { FetchConnectOptions } from "../http3/options.ts";
import { later } from "../http3/timer.ts";
import type { H3Transport } from "../http3/transport.ts";
import { TcpWay } from "./tcp_way.ts";
import type { TunnelOptions } from "./tunnel_options.ts";

/** A packet within every time-out of a NAT while tunnels may be open. */
const KEEP_ALIVE = 25_000;
const MAX_IDLE = 300_000;
/** Milliseconds of head start for QUIC: about as for one address before the next (RFC 8305). */
const HEAD_START = 300;
/**
 * Milliseconds that QUIC still has when the server is not trusted over TCP. TCP took longer to say that
 * than QUIC takes to connect, but for a packet that is lost: the next one follows after a second (RFC
 * 9002, Section 6.2.2).
 */
const LAST_CHANCE = 1_500;

const pool = new ConnectionPool((options) => MultipathConnection.connect(options));
/** Ways over TCP, by the proxy and how it is connected to. */
const tcpWays = new Map<string, TcpWay>();
const MOST_TCP_WAYS = 64;
const identities = new Identities();

/** The ways to one proxy. */
export class Ways {
  readonly #url: URL;
  readonly #quicOptions: FetchConnectOptions;
  readonly #given: H3Transport | undefined;
  readonly #tcp: TcpWay | undefined;
  readonly #headStart: number;

  /** @throws {TypeError} If there can be no way over TCP, and one is wanted. */
  constructor(url: URL, options: TunnelOptions) {
    const { token: _token, headers: _headers, signal: _signal, ...more } = options;
    const { fallback, fallbackDelay, probeInterval: _, onTransport: __, ...others } = more;
    const { connection, ...quicOptions } = others;
    this.#url = url;
    this.#given = connection;
    this.#quicOptions = {
      keepAliveInterval: KEEP_ALIVE,
      maxIdleTimeout: MAX_IDLE,
      ...quicOptions,
      datagrams: true,
    };
    this.#headStart = fallbackDelay ?? HEAD_START;
    this.#tcp = fallback === "tcp" && !connection ? tcpWay(url, options) : undefined;
  }

  /** The transport of a client; undefined for one that the application made. */
  transportOf(client: H3Client): H3Transport | undefined {
    return this.#given ? undefined : pool.transportOf(client);
  }

  /** A client to ask: the one that comes about first, QUIC with a head start. */
  async choose(): Promise<H3Client | H2Client> {
    if (this.#given) return pool.over(this.#given, this.#quicOptions);
    const tcp = this.#tcp;
    if (tcp === undefined) return await this.#lease();
    if (tcp.isInUse) {
      if (tcp.takeProbe()) this.#probe(tcp);
      const client = await tcp.client().catch(() => undefined);
      if (client !== undefined) return client;
    }
    const leasing = this.#lease();
    const overTcp = overdue(leasing, this.#headStart).then(() => tcp.client());
    const first = Promise.any([leasing, overTcp]).catch(({ errors }) => {
      // Why a server is not trusted; else why there is nothing over QUIC, which the user may mend.
      throw errors.find(isDistrust) ?? errors[0];
    });
    const client = await unlessDistrusted(first, overTcp);
    if (client instanceof H2Client) {
      tcp.use();
      leasing.then(() => tcp.leave(), ignore);
    }
    return client;
  }

  /**
   * Opens another connection in the place of one that is silent.
   *
   * @param isSilent Whether it is so still.
   * @returns Whether there is one.
   */
  async replace(silent: H3Client, isSilent: () => boolean): Promise<boolean> {
    const replacing = pool.replace(this.#url, this.#quicOptions, silent);
    const tcp = this.#tcp;
    if (tcp === undefined) return await replacing;
    const done = replacing.then((isReplaced) => {
      if (!isReplaced) throw new Error("nothing answers");
      return "quic" as const;
    });
    const overTcp = overdue(done, this.#headStart).then(async () => {
      await tcp.client();
      return "tcp" as const;
    });
    const first = await Promise.any([done, overTcp]).catch(() => undefined);
    if (first === "tcp" && isSilent()) {
      tcp.use(silent);
      done.then(() => tcp.leave(), ignore);
    }
    return first !== undefined;
  }

  async #lease(): Promise<H3Client> {
    return (await pool.lease(this.#url, this.#quicOptions)).client;
  }

  /** Looks in the background whether QUIC works again. */
  async #probe(tcp: TcpWay): Promise<void> {
    const { silent } = tcp;
    const isReplaced = silent === undefined ||
      await pool.replace(this.#url, this.#quicOptions, silent);
    if (!isReplaced) return;
    await this.#lease().then(() => tcp.leave(), ignore);
  }
}

/** Resolves when something is late, or has failed in a way that TCP may mend. */
function overdue(awaited: Promise<unknown>, delay: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = later(delay, resolve);
    awaited.then(stop, (error) => {
      stop();
      if (mayFallBackToTcp(error)) resolve();
      else reject(error);
    });
  });
}

/** What is awaited; rejects soon where TCP leads to a server that is not trusted. */
function unlessDistrusted<T>(awaited: Promise<T>, overTcp: Promise<unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    let stop = () => {};
    overTcp.catch((error) => {
      if (!isOver && isDistrust(error)) stop = later(LAST_CHANCE, () => reject(error));
    });
    awaited.then(resolve, reject).finally(() => {
      isOver = true;
      stop();
    });
  });
}

/** Whether a server was reached, and not believed. */
function isDistrust(error: unknown): boolean {
  return error instanceof TransportError && !mayFallBackToTcp(error);
}

function tcpWay(url: URL, options: TunnelOptions): TcpWay {
  if (options.serverCertificateHashes !== undefined) {
    throw new TypeError("Cannot use serverCertificateHashes over TCP: leave fallback out");
  }
  const { caCerts, insecure, revocation, serverName, cert, key } = options;
  const { localAddresses, paths, idleTimeout } = options;
  const trust = [caCerts, insecure, revocation, serverName, cert, key];
  const more = [localAddresses, idleTimeout, JSON.stringify(paths)];
  const id = identities.keyOf([url.host, ...trust, ...more]);
  let way = tcpWays.get(id);
  if (way === undefined) {
    if (tcpWays.size >= MOST_TCP_WAYS) tcpWays.delete(tcpWays.keys().next().value!);
    way = new TcpWay(url, options);
    tcpWays.set(id, way);
  }
  return way;
}

function ignore(): void {}
