// The options of tunnels through a proxy.

import type { FetchConnectOptions } from "../http3/options.ts";
import type { H3Transport } from "../http3/transport.ts";

/**
 * What tunnels go over.
 *
 * @category Proxy
 */
export type TunnelTransport = "quic" | "tcp";

/**
 * How a tunnel through a proxy is asked for, and how the proxy is connected to.
 *
 * @category Proxy
 */
export interface TunnelOptions extends Omit<FetchConnectOptions, "datagrams"> {
  /** Shown to the proxy as `proxy-authorization: Bearer`. */
  token?: string;
  /** Further fields of the request. */
  headers?: HeadersInit;
  /** A connection to the proxy to use, instead of one that is made and kept. */
  connection?: H3Transport;
  /** Gives up asking, and ends the tunnel. */
  signal?: AbortSignal;
  /**
   * With "tcp", the proxy is asked over HTTP/2 where QUIC does not get through: tunnels go over
   * whichever of the two comes about first, QUIC with a head start, and over QUIC again as soon as
   * that works. Over TCP there is one path. Certificates are judged alike; with
   * `serverCertificateHashes` there is no way over TCP.
   */
  fallback?: "tcp";
  /**
   * Milliseconds of head start that QUIC has.
   *
   * @default {300}
   */
  fallbackDelay?: number;
  /**
   * Milliseconds between two looks whether QUIC works again.
   *
   * @default {30000}
   */
  probeInterval?: number;
  /**
   * Hears what tunnels go over from now on, when that changes; at first it is QUIC. That the function
   * throws changes nothing.
   */
  onTransport?: (transport: TunnelTransport) => void;
}
