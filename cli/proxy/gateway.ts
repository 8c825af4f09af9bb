// The far side as the near side sees it: tunnels, and why there is none.

import {
  connectTcp,
  connectUdp,
  ProxyError,
  type TcpTunnel,
  type TunnelOptions,
  type UdpTunnel,
} from "../../mod.ts";
import { certificateFailure, reasonOf } from "../console/connect_failure.ts";
import { SocksReply } from "./socks.ts";

/** Why there is no tunnel. */
export interface Obstacle {
  /** The status for programs that speak HTTP. */
  readonly status: number;
  /** The reply for programs that speak SOCKS. */
  readonly reply: number;
  /** A sentence for people. */
  readonly text: string;
  /** What the far side says in `Proxy-Status`, if it said anything. */
  readonly proxyStatus: string | undefined;
}

/** Opens tunnels through one far side. */
export class Gateway {
  readonly #url: string;
  readonly #options: TunnelOptions;
  /** What the near side calls itself, so that loops are found. */
  readonly hop: string;

  /**
   * @param url The far side's origin, or a URI template for UDP.
   * @param options How to connect to it.
   */
  constructor(url: string, options: TunnelOptions, hop: string) {
    this.#url = url;
    this.#options = options;
    this.hop = hop;
  }

  /**
   * Opens a tunnel to a host over TCP.
   *
   * @param via Where the request has been before; empty for nowhere.
   * @param first What the host gets first, if that is known already.
   */
  connectTcp(
    target: string,
    signal: AbortSignal,
    via: string,
    first?: Uint8Array,
  ): Promise<TcpTunnel> {
    const hops = [via, `1.1 ${this.hop}`].filter((part) => part !== "").join(", ");
    const origin = this.#url.replace(/\{.*$/, "");
    return connectTcp(origin, target, {
      ...this.#options,
      ...(first && { first }),
      headers: { via: hops },
      signal,
    });
  }

  /** Opens a tunnel to a host over UDP. */
  connectUdp(target: string, signal: AbortSignal): Promise<UdpTunnel> {
    return connectUdp(this.#url, target, { ...this.#options, signal });
  }
}

const replies: Readonly<Record<string, number>> = {
  "dns_error": SocksReply.HostUnreachable,
  "dns_timeout": SocksReply.HostUnreachable,
  "destination_ip_prohibited": SocksReply.NotAllowed,
  "http_request_denied": SocksReply.NotAllowed,
  "proxy_loop_detected": SocksReply.NotAllowed,
  "destination_ip_unroutable": SocksReply.NetworkUnreachable,
  "connection_refused": SocksReply.ConnectionRefused,
  "connection_timeout": SocksReply.TimedOut,
};

/** What programs are told about an error of {@linkcode Gateway}. */
export function obstacleOf(error: unknown): Obstacle {
  if (!(error instanceof ProxyError)) {
    const text = certificateFailure(error, "the gateway")?.message ??
      `Cannot reach the gateway: ${reasonOf(error)}`;
    return { status: 502, reply: SocksReply.GeneralFailure, text, proxyStatus: undefined };
  }
  const { status, type, proxyStatus } = error;
  const reply = replies[type ?? ""] ?? SocksReply.GeneralFailure;
  if (status === 407) {
    const text = "The gateway does not take the token: give another with --token-file";
    return { status: 502, reply: SocksReply.NotAllowed, text, proxyStatus: undefined };
  }
  const details = /;\s*details="((?:[^"\\]|\\.)*)"/.exec(proxyStatus ?? "")?.[1];
  const why = details?.replaceAll(/\\(.)/g, "$1") ?? `it answers ${status}`;
  return { status, reply, text: `The gateway opens no tunnel: ${why}`, proxyStatus };
}
