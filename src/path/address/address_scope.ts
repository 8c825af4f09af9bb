// How far an IP address reaches.

import { parseIpAddress } from "../../bytes/ip_address.ts";
import type { Address } from "./address.ts";

/** How far an IP address reaches; what reaches less far than the connection is not to be probed. */
export const Scope = {
  /** Unspecified, multicast, broadcast, reserved: no place to send to. */
  Unusable: 0,
  Loopback: 1,
  LinkLocal: 2,
  Private: 3,
  /** Networks for examples (RFC 5737, RFC 3849, RFC 9637), which no machine on the Internet has. */
  Documentation: 4,
  Global: 5,
} as const;
/** One of the values of {@linkcode Scope}. */
export type Scope = (typeof Scope)[keyof typeof Scope];

/** Bytes that addresses of a network begin with, how many bits of them count, and how far they reach. */
type Network = readonly [bytes: readonly number[], bits: number, scope: Scope];

/** RFC 6890, and what has been registered since; all others are global. */
const V4_NETWORKS: readonly Network[] = [
  [[0], 8, Scope.Unusable],
  [[10], 8, Scope.Private],
  [[100, 64], 10, Scope.Private],
  [[127], 8, Scope.Loopback],
  [[169, 254], 16, Scope.LinkLocal],
  [[172, 16], 12, Scope.Private],
  [[192, 0, 0], 24, Scope.Private],
  [[192, 0, 2], 24, Scope.Documentation],
  [[192, 168], 16, Scope.Private],
  // RFC 2544: for benchmarks within a laboratory.
  [[198, 18], 15, Scope.Private],
  [[198, 51, 100], 24, Scope.Documentation],
  [[203, 0, 113], 24, Scope.Documentation],
  [[224], 3, Scope.Unusable],
];

/** The first that an address lies in counts. */
const V6_NETWORKS: readonly Network[] = [
  // RFC 8215: the operator of the network decides which IPv4 addresses are behind these.
  [[0, 0x64, 0xff, 0x9b, 0, 1], 48, Scope.Private],
  [[0x20, 0x01, 0, 2, 0, 0], 48, Scope.Private],
  [[0x20, 0x01, 0, 0x10], 28, Scope.Unusable],
  [[0x20, 0x01, 0x0d, 0xb8], 32, Scope.Documentation],
  [[0x3f, 0xff, 0], 20, Scope.Documentation],
  [[0xfe, 0x80], 10, Scope.LinkLocal],
  // RFC 3879: old site-local addresses are still in use behind some routers.
  [[0xfe, 0xc0], 10, Scope.Private],
  [[0xfc], 7, Scope.Private],
  // RFC 4291: what is left of global unicast is what has been given out so far.
  [[0x20], 3, Scope.Global],
];

/** The scope of 4 or 16 bytes (RFC 6890). */
export function scopeOf(ip: Uint8Array): Scope {
  return ip.length === 4 ? scopeOfV4(ip) : scopeOfV6(ip);
}

function scopeOfV4(ip: Uint8Array): Scope {
  return V4_NETWORKS.find((network) => isWithin(ip, network))?.[2] ?? Scope.Global;
}

function scopeOfV6(ip: Uint8Array): Scope {
  if (ip[15] === 1 && ip.subarray(0, 15).every((byte) => byte === 0)) return Scope.Loopback;
  // An IPv4 address in disguise is judged as what it is.
  const inside = ipv4Inside(ip);
  if (inside !== undefined) return scopeOfV4(inside);
  return V6_NETWORKS.find((network) => isWithin(ip, network))?.[2] ?? Scope.Unusable;
}

/** The IPv4 address to which a packet for an IPv6 address goes in the end, if one is written in it. */
function ipv4Inside(ip: Uint8Array): Uint8Array | undefined {
  // RFC 4291, Section 2.5.5.2: mapped.
  if (isWithin(ip, [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96, 0])) return ip.subarray(12);
  // RFC 6052: translated by a NAT64.
  if (isWithin(ip, [[0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96, 0])) return ip.subarray(12);
  // RFC 3056: in the tunnels of 6to4.
  if (isWithin(ip, [[0x20, 0x02], 16, 0])) return ip.subarray(2, 6);
  // RFC 4380: in the tunnels of Teredo, where the address is inverted.
  if (isWithin(ip, [[0x20, 0x01, 0, 0], 32, 0])) return ip.subarray(12).map((byte) => byte ^ 0xff);
  return undefined;
}

function isWithin(ip: Uint8Array, [bytes, bits]: Network): boolean {
  for (let i = 0; 8 * i < bits; i++) {
    const mask = 0xff << Math.max(0, 8 * i + 8 - bits);
    if (((ip[i]! ^ bytes[i]!) & mask & 0xff) !== 0) return false;
  }
  return true;
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

/** Whether a service at a UDP port could be made to reflect, or harmed. */
export function isReflectingPort(port: number): boolean {
  return REFLECTING.has(port);
}

/**
 * Whether a server may ask us to send to a port: not to those of services that could be made to
 * reflect, and to low ones only if the connection, or HTTPS, is there anyway.
 */
export function isPortAcceptable(port: number, connectionPort: number): boolean {
  if (port === connectionPort || port === 443) return true;
  return port >= 1_024 && !isReflectingPort(port);
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
  // Addresses for examples lead nowhere; networks in virtual time have them.
  return scope >= Scope.Documentation || (known !== undefined && scopeOf(known) === scope);
}
