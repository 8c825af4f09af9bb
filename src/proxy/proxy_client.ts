// What tunnels through a proxy have in common: connections to it, its token, its refusals.

import { MultipathConnection } from "../api/multipath_connection.ts";
import { StreamError } from "../error/quic_error.ts";
import type { H2Client } from "../http2/h2_client.ts";
import { H3Client } from "../http3/client/client.ts";
import type { H3Transport } from "../http3/transport.ts";
import { H3ErrorCode } from "../http3/wire/code_point.ts";
import type { TunnelOptions } from "./tunnel_options.ts";
import { Ways } from "./ways.ts";

/**
 * A proxy refused a tunnel.
 *
 * @category Proxy
 */
export class ProxyError extends Error {
  /** Of this class. */
  override readonly name = "ProxyError";
  /** The status of the proxy's response. */
  readonly status: number;
  /** The proxy's field `Proxy-Status` (RFC 9209), if it sent one. */
  readonly proxyStatus: string | undefined;
  /** The error type in that field, such as `dns_error`, if it says one. */
  readonly type: string | undefined;

  /**
   * Makes the error of a response.
   *
   * @param status The status of the response.
   * @param proxyStatus Its field `Proxy-Status`.
   */
  constructor(status: number, proxyStatus: string | undefined) {
    const type = /;\s*error=([a-z_]+)/.exec(proxyStatus ?? "")?.[1];
    super(`Cannot open a tunnel: the proxy answers ${status}${type ? ` (${type})` : ""}`);
    this.status = status;
    this.proxyStatus = proxyStatus;
    this.type = type;
  }
}

const MAX_ATTEMPTS = 3;
/**
 * Milliseconds without a packet of the proxy, while it has a request, until another connection is
 * tried: the proxy may have been started again, or have another address.
 */
const SILENCE = 3_000;

/** How a tunnel is asked for over each of the transports. */
export interface Asking<T> {
  /** Makes the request, and ends it and its tunnel when the signal is aborted. */
  overQuic(client: H3Client, headers: Headers, signal: AbortSignal): Promise<T>;
  /** The same over TCP. */
  overTcp(client: H2Client, headers: Headers): Promise<T>;
}

/**
 * Asks for a tunnel over a connection that is there, or a new one; again if the request was surely
 * not looked at.
 *
 * @param proxy A URL of the proxy.
 * @throws {ProxyError} If the proxy refuses.
 */
export async function askForTunnel<T>(
  proxy: URL,
  options: TunnelOptions,
  asking: Asking<T>,
): Promise<T> {
  const { token, headers: given, signal } = options;
  const headers = new Headers(given);
  if (token !== undefined) headers.set("proxy-authorization", `Bearer ${token}`);
  const ways = new Ways(proxy, options);
  for (let attempt = 1;; attempt++) {
    signal?.throwIfAborted();
    const client = await ways.choose();
    if (!(client instanceof H3Client)) return await asking.overTcp(client, headers);
    const watch = new SilenceWatch(
      ways.transportOf(client),
      (isSilent) => ways.replace(client, isSilent),
    );
    try {
      return await asking.overQuic(client, headers, watch.signal);
    } catch (error) {
      if (watch.signal.aborted && attempt < MAX_ATTEMPTS) continue;
      const isUnprocessed = error instanceof StreamError &&
        error.code === H3ErrorCode.RequestRejected;
      if (!isUnprocessed || options.connection || attempt === MAX_ATTEMPTS) throw error;
    } finally {
      watch.stop();
    }
  }
}

/** Watches whether a connection brings anything while a request waits for its answer. */
class SilenceWatch {
  readonly #abort = new AbortController();
  readonly #transport: H3Transport | undefined;
  readonly #replace: (isSilent: () => boolean) => Promise<boolean>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  /**
   * @param transport The connection; one that the application made is not watched.
   * @param replace Makes another connection, for as long as the old one is silent; tells whether
   * there is one.
   */
  constructor(
    transport: H3Transport | undefined,
    replace: (isSilent: () => boolean) => Promise<boolean>,
  ) {
    this.#transport = transport;
    this.#replace = replace;
    this.#watch();
  }

  /** A packet that comes late may be the last one, so there is a look after each such time. */
  #watch(): void {
    const before = bytesFrom(this.#transport);
    if (before === undefined) return;
    const isSilent = () => bytesFrom(this.#transport) === before;
    this.#timer = setTimeout(async () => {
      const isReplaced = isSilent() && await this.#replace(isSilent);
      if (this.#isStopped) return;
      if (!isReplaced || !isSilent()) return this.#watch();
      this.#abort.abort(new Error("The proxy did not answer over this connection"));
    }, SILENCE);
  }

  /** Aborted when the request should be made again, over another connection. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }
}

/** Bytes that a connection has brought; undefined if the pool did not make it. */
function bytesFrom(transport: H3Transport | undefined): number | undefined {
  return transport instanceof MultipathConnection ? transport.stats.bytesReceived : undefined;
}

/**
 * What a refusal means.
 *
 * @throws {ProxyError} If the proxy refuses.
 */
export function checkAccepted(status: number, headers: Headers): void {
  if (status >= 200 && status < 300) return;
  throw new ProxyError(status, headers.get("proxy-status") ?? undefined);
}
