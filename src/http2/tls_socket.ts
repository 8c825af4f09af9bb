// Opens connections of TLS over TCP to servers.

import { connect, type TLSSocket } from "node:tls";
import type { Trust } from "../api/options/trust.ts";
import type { TransportError } from "../error/quic_error.ts";
import { Alert, alertError } from "../tls/code/alert.ts";
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
 * @throws {TransportError} If the certificate is not trusted.
 * @throws {Error} If there is no way.
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
    throw isDistrust(error) ? untrusted(error) : error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Whether the runtime has refused the certificates of the server: its codes are those of OpenSSL. */
function isDistrust(error: unknown): error is Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  // What begins so was said by the server, perhaps of our certificate.
  return /CERT|UNABLE_TO_VERIFY/.test(code) && !code.startsWith("ERR_SSL_");
}

function untrusted(error: Error): TransportError {
  return alertError(
    Alert.BadCertificate,
    `Cannot trust the certificate: ${error.message}`,
    error,
  );
}

/** @throws {TransportError} If the certificates of the server do not count. */
function judge(socket: TLSSocket, trust: Trust, serverName: string): void {
  const chain = chainOf(socket);
  if (chain.length === 0) throw new TypeError("Cannot go on: the server shows no certificate");
  judgeCertificates(chain, { ...trust, serverName, time: Date.now() });
}
