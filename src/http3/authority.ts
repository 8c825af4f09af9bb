// Decides which hosts a server answers for.

import { parseIpAddress } from "../bytes/ip_address.ts";
import { callerFailed } from "./message/caller_error.ts";
import type { RequestHead } from "./wire/fields.ts";
import type { H3Transport } from "./transport.ts";

/**
 * Says whether requests for a URL may come over a connection; others are answered with 421
 * (Misdirected Request; RFC 9110, Section 15.5.20). What it throws resets the request.
 *
 * @example A gateway that also answers for hosts that its certificate does not name
 * ```ts
 * import type { AuthorityCheck } from "@mpquic/mpquic";
 *
 * const hosts = new Set(["a.example", "b.example"]);
 * const isAuthority: AuthorityCheck = ({ protocol, hostname }) => {
 *   return protocol === "https:" && hosts.has(hostname);
 * };
 * ```
 *
 * @category HTTP/3
 */
export type AuthorityCheck<T extends H3Transport = H3Transport> = (
  url: URL,
  connection: T,
) => boolean;

/** Tells for which hosts the certificates of a server are good. */
export interface CertificateJudge {
  /** Whether the certificate shown to clients that ask for a name is good for a host. */
  covers(hostname: string, serverName: string | undefined): boolean;
}

/**
 * Whether a request is for another host, or for a scheme other than https, which is all that a
 * certificate secures (RFC 9110, Section 7.4).
 *
 * @param isAuthority Decides; without it, any host will do.
 * @throws {CallerError} What `isAuthority` throws.
 */
export function isMisdirected(
  { scheme, authority, path }: RequestHead,
  isAuthority: AuthorityCheck | undefined,
  connection: H3Transport,
): boolean {
  if (scheme === "") return false; // a plain CONNECT, which names no resource
  const url = URL.parse(`${scheme}://${authority}${path === "*" ? "" : path}`);
  if (url === null) return false; // no request can be made of that
  try {
    return !(isAuthority ?? isHttps)(url, connection);
  } catch (error) {
    callerFailed(error);
  }
}

/**
 * Takes requests for the hosts that the certificate of their connection is good for (RFC 9110,
 * Section 7.4), and for the one that the client asked for in its handshake: such a client has judged
 * the certificate for that host, by a hash of it say. One that asked for none has an address.
 */
export function certificateCheck<T extends H3Transport>(
  judge: CertificateJudge,
): AuthorityCheck<T> {
  /** The host that was asked for last over a connection, and what was said: they seldom change. */
  const known = new WeakMap<T, { readonly hostname: string; readonly isCovered: boolean }>();
  return (url, connection) => {
    if (!isHttps(url)) return false;
    const { hostname } = url;
    const last = known.get(connection);
    if (last?.hostname === hostname) return last.isCovered;
    const isCovered = isAskedFor(hostname, connection) ||
      judge.covers(hostname, connection.serverName);
    known.set(connection, { hostname, isCovered });
    return isCovered;
  };
}

function isAskedFor(hostname: string, { serverName }: H3Transport): boolean {
  if (serverName === undefined) return parseIpAddress(hostname) !== undefined;
  return withoutRoot(hostname) === withoutRoot(serverName.toLowerCase());
}

/** A host's name without the dot of the root. */
function withoutRoot(name: string): string {
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

function isHttps(url: URL): boolean {
  return url.protocol === "https:";
}
