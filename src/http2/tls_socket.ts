// Opens connections of TLS over TCP to servers.

import { connect, type TLSSocket } from "node:tls";
import type { Trust } from "../api/options/trust.ts";
import { judgeCertificates } from "../tls/peer_certificate.ts";
import { happened } from "./node_streams.ts";
import { chainOf } from "./peer_chain.ts";

/** How to connect to a server over TCP, and what to expect of it. */
export interface TlsOptions {
  /** Certificates of authorities, as PEM; all that are trusted. */
  readonly ca: readonly string[];
  /** Whether any certificate is good. */
  readonly insecure: boolean;
  /** The name that the certificate must be good for; that of the URL if left out. */
  readonly serverName?: string | undefined;
  /** What the certificates have to pass in addition, as over QUIC; nothing if left out. */
  readonly trust?: Trust | undefined;
  /** Our own certificate and its key, as PEM. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** A literal address to connect from; any if left out. */
  readonly localAddress?: string | undefined;
}

/**
 * Connects, and waits for the end of the handshake.
 *
 * @param url A URL of the server.
 * @param protocols The application protocols to offer, the best first.
 * @param signal Gives up.
 * @throws {Error} If there is no way, or the certificate is not trusted.
 */
export async function openTls(
  url: URL,
  options: TlsOptions,
  protocols: readonly string[],
  signal: AbortSignal,
): Promise<TLSSocket> {
  signal.throwIfAborted();
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const isLiteral = /^[\d.]+$/.test(hostname) || hostname.includes(":");
  const serverName = options.serverName ?? (isLiteral ? undefined : hostname);
  const { trust, cert, key, localAddress } = options;
  const socket = connect({
    host: hostname,
    port: Number(url.port || 443),
    ca: [...options.ca],
    rejectUnauthorized: !options.insecure,
    ALPNProtocols: [...protocols],
    ...(serverName !== undefined && { servername: serverName }),
    ...(cert !== undefined && key !== undefined && { cert, key }),
    ...(localAddress !== undefined && { localAddress }),
  });
  const giveUp = () => void socket.destroy(signal.reason);
  signal.addEventListener("abort", giveUp);
  try {
    await happened(socket, "secureConnect");
    // That the server has the key of its certificate, the runtime has seen to.
    if (trust) judge(socket, trust, options.serverName ?? hostname);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** @throws {TransportError} If the certificates of the server do not count. */
function judge(socket: TLSSocket, trust: Trust, serverName: string): void {
  const chain = chainOf(socket);
  if (chain.length === 0) throw new TypeError("Cannot go on: the server shows no certificate");
  judgeCertificates(chain, { ...trust, serverName, time: Date.now() });
}
