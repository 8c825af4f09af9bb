import { parseIpAddress } from "../bytes/ip_address.ts";
import type { Address } from "./address.ts";

/** How far an IP address reaches; what reaches less far than the connection is not to be probed. */
export const Scope = {
  /** Unspecified, multicast, broadcast, reserved: no place to send to. */
  Unusable: 0,
  Loopback: 1,
  LinkLocal: 2,
  Private: 3,
  Global: 4,
} as const;
/** One of the values of {@linkcode Scope}. */
export type Scope = (typeof Scope)[keyof typeof Scope];

/** The scope of 4 or 16 bytes (RFC 6890). */
export function scopeOf(ip: Uint8Array): Scope {
  return ip.length === 4 ? scopeOfV4(ip) : scopeOfV6(ip);
}

function scopeOfV4(ip: Uint8Array): Scope {
  const [a, b] = [ip[0]!, ip[1]!];
  if (a === 0 || a >= 224) return Scope.Unusable;
  if (a === 127) return Scope.Loopback;
  if (a === 169 && b === 254) return Scope.LinkLocal;
  const isPrivate = a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168) ||
    (a === 100 && (b & 0xc0) === 64);
  return isPrivate ? Scope.Private : Scope.Global;
}

function scopeOfV6(ip: Uint8Array): Scope {
  const head = ip.subarray(0, 10).every((byte) => byte === 0);
  // RFC 4291, Section 2.5.5.2: an IPv4 address in disguise is judged as what it is.
  if (head && ip[10] === 0xff && ip[11] === 0xff) return scopeOfV4(ip.subarray(12));
  if (head && ip.subarray(10, 15).every((byte) => byte === 0)) {
    return ip[15] === 1 ? Scope.Loopback : Scope.Unusable;
  }
  if (ip[0] === 0xff) return Scope.Unusable;
  if (ip[0] === 0xfe && (ip[1]! & 0xc0) === 0x80) return Scope.LinkLocal;
  return (ip[0]! & 0xfe) === 0xfc ? Scope.Private : Scope.Global;
}

/**
 * Ports of services that answer strangers over UDP, or may be harmed by it (RFC 9000, Section
 * 21.5.3).
 */
const REFLECTING = new Set([
  [0, 7, 13, 17, 19, 53, 69, 111, 123, 137, 138, 161, 162, 177, 389, 427, 500, 514, 520],
  [1194, 1434, 1645, 1701, 1812, 1900, 3283, 3389, 3478, 3702, 4500, 5060, 5093, 5351, 5353, 5683],
  [6881, 10001, 10074, 11211, 17185, 20800, 27015, 30718, 33848, 37810, 41794],
].flat());

/**
 * Whether a server may ask us to send to a port: not to those of services that could be made to
 * reflect, and to low ones only if the connection, or HTTPS, is there anyway.
 */
export function isPortAcceptable(port: number, connectionPort: number): boolean {
  if (port === connectionPort || port === 443) return true;
  return port >= 1_024 && !REFLECTING.has(port);
}

/**
 * Whether a server that is reached at `peer` may ask us to send to an address: it could be a
 * victim's (RFC 9000, Section 21.5), or lie in a network that only we can see.
 */
export function isAddressAcceptable(ip: Uint8Array, port: number, peer: Address): boolean {
  if (!isPortAcceptable(port, peer.port)) return false;
  const scope = scopeOf(ip);
  if (scope === Scope.Unusable || scope === Scope.LinkLocal) return false;
  const known = parseIpAddress(peer.hostname);
  return scope === Scope.Global || (known !== undefined && scopeOf(known) === scope);
}
