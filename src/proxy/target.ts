// A host and a port that a client wants to reach.

import { formatIpAddress, parseIpAddress } from "../bytes/ip_address.ts";

/** A host and a port that a client wants to reach. */
export interface Target {
  /** A name, or a literal address without brackets. */
  readonly hostname: string;
  /** The port, from 1 to 65,535. */
  readonly port: number;
}

/** RFC 1123: names of 253 bytes at most; an underscore is in use, though it should not be. */
const NAME = /^(?=.{1,254}$)[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/;

/**
 * Reads `host:port` and `[IPv6]:port`, as CONNECT names its target (RFC 9110, Section 9.3.6).
 *
 * @returns Undefined for anything else.
 */
export function parseTarget(text: string): Target | undefined {
  const [, v6, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return targetOf(v6 ?? name!, Number(digits), v6 !== undefined);
}

/**
 * The target of a host and a port that were told apart already.
 *
 * @param isV6 Whether the host must be, or must not be, an IPv6 address; either if left out.
 * @returns Undefined if either cannot be.
 */
export function targetOf(hostname: string, port: number, isV6?: boolean): Target | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  if (hostname.includes(":")) {
    if (isV6 === false || hostname.includes("%")) return undefined;
    const bytes = parseIpAddress(hostname);
    return bytes && { hostname: formatIpAddress(bytes), port };
  }
  return isV6 !== true && NAME.test(hostname) ? { hostname, port } : undefined;
}

/** A target as CONNECT names it. */
export function targetText({ hostname, port }: Target): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
