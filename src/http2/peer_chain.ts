// The certificates that a peer has shown over TCP.

import type { TLSSocket } from "node:tls";

/** Certificates of one peer that are looked at. */
const MOST = 10;

/**
 * What the peer has shown, its own certificate first, and what the runtime knows of its issuers.
 *
 * @param socket A connection whose handshake is complete.
 * @returns The certificates in DER; none if the peer has shown none.
 */
export function chainOf(socket: TLSSocket): readonly Uint8Array[] {
  const chain: Uint8Array[] = [];
  let last: unknown;
  for (let one = socket.getPeerCertificate(true); one?.raw !== undefined && one !== last;) {
    chain.push(new Uint8Array(one.raw));
    if (chain.length === MOST) break;
    last = one;
    one = one.issuerCertificate;
  }
  return chain;
}
