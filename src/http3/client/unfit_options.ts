// Refuses options about trust that the carrier of a request cannot honour.

import type { FetchInit } from "../options.ts";

/** A `fetch` that may have to do without UDP, with the runtime's own client beside it. */
type Init = FetchInit & { client?: unknown };

/** Options that no client over TCP knows. */
const quicOnly = ["serverCertificateHashes", "serverName", "insecure", "cipherSuites"] as const;
/** Options that the runtime's `fetch` can be given in its `client`. */
const ofClient = ["caCerts", "cert", "key", "localAddresses", "paths"] as const;
/** Those of them that the client of the library has nothing for, which asks lists over TCP. */
const unlisted = ["localAddresses", "paths"] as const;

/**
 * Checks that every possible carrier of a request honours the options about trust, client
 * certificates and local addresses. An option that is ignored silently would send the request, with
 * its credentials, to the wrong server.
 *
 * @param url What is fetched first.
 * @throws {TypeError} Which option cannot be honoured, and what to do.
 */
export function checkFit(init: Init, url: URL): void {
  if (init.connection !== undefined) return checkGiven(init);
  if (init.fallback !== "tcp") return;
  for (const name of quicOnly) {
    if (!isMeant(init, name) || (name === "serverName" && isHost(init.serverName!, url))) continue;
    throw new TypeError(
      `Cannot fall back to TCP with ${name}, which is for QUIC alone: leave one of them out`,
    );
  }
  if (init.revocation !== undefined) return checkListed(init);
  if (init.client !== undefined) return;
  for (const name of ofClient) {
    if (!isMeant(init, name)) continue;
    throw new TypeError(
      `Cannot fall back to TCP with ${name} alone: give it to Deno.createHttpClient() too, and the result as client`,
    );
  }
}

/** The client of the library asks lists over TCP; that of the runtime cannot. */
function checkListed(init: Init): void {
  if (init.client !== undefined) {
    throw new TypeError(
      "Cannot ask lists of revocation by a client of the runtime: leave client out; caCerts, cert and key count over TCP, too",
    );
  }
  for (const name of unlisted) {
    if (!isMeant(init, name)) continue;
    throw new TypeError(
      `Cannot fall back to TCP with revocation and ${name}: leave one of them out, or ask a TcpClient where QUIC fails`,
    );
  }
}

/** What a connection is made of was settled before it was given. */
function checkGiven(init: Init): void {
  for (const name of [...quicOnly, "revocation", ...ofClient] as const) {
    if (!isMeant(init, name)) continue;
    throw new TypeError(
      `Cannot use ${name} over a connection that is made already: give it to dial(), or leave connection out`,
    );
  }
}

/** Whether an option asks for anything: not if it is left out, empty or false. */
function isMeant(
  init: Init,
  name: (typeof quicOnly | typeof ofClient)[number] | "revocation",
): boolean {
  const value = init[name];
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

function isHost(name: string, { hostname }: URL): boolean {
  return name.toLowerCase() === hostname.replace(/^\[|\]$/g, "");
}
