// Options that limit what clients may make a server hold.

import { IpPrefix } from "../../bytes/ip_prefix.ts";
import type { LedgerLimits, Limit } from "../../limits/ledger_limits.ts";
import { SERVER_LIMITS } from "../../limits/limits.ts";
import { type Resource, RESOURCES } from "../../limits/share.ts";

/**
 * How much of a resource clients may make a server hold; `Infinity` for any amount. What is left out
 * is as in the defaults.
 *
 * Addresses and networks of which many handshakes were completed lately may hold up to four times as
 * much, since there may be many people behind them: a carrier's NAT.
 *
 * @category Limits
 */
export interface ResourceLimits {
  /** By one connection. Of handshakes and connections that is always one. */
  perConnection?: number;
  /** By all connections of one IPv4 address, or of one IPv6 network with a prefix of 64 bits. */
  perAddress?: number;
  /** By all of one network: an IPv4 prefix of 24 bits, an IPv6 prefix of 56 bits. */
  perNetwork?: number;
  /** By all connections of the listener. */
  total?: number;
}

/**
 * What clients may make a server hold.
 *
 * @example At most 500 connections, twenty of them of one address
 * ```ts ignore
 * serve({ port: 443, cert, key, limits: { connections: { total: 500, perAddress: 20 } } }, handler);
 * ```
 *
 * @category Limits
 */
export interface PeerLimits {
  /**
   * Bytes of buffers: received and not read, written and not sent, datagrams, header sections. When
   * all are used up, the connection that holds the most is closed, of the network that holds the
   * most: with INTERNAL_ERROR, by `serve` with H3_EXCESSIVE_LOAD.
   *
   * @default {{ perConnection: 67108864, perAddress: 134217728, perNetwork: 201326592, total: 536870912 }}
   */
  bytes?: ResourceLimits;
  /**
   * Open files, as far as the application counts them: see `MultipathConnection.account`. When all
   * are used up, the connection that holds the most is closed.
   *
   * @default {{ perConnection: 32, perAddress: 96, perNetwork: 192, total: 640 }}
   */
  files?: ResourceLimits;
  /**
   * Handshakes that are not complete. From half of any limit on, clients must prove their addresses
   * (Retry). Where one is reached, the oldest of the greediest gives way, closed with
   * CONNECTION_REFUSED, if it had time to answer or the newcomer has fewer; else newcomers are not
   * heard, and ask again by themselves.
   *
   * @default {{ perConnection: 1, perAddress: 256, perNetwork: 512, total: 1024 }}
   */
  handshakes?: ResourceLimits;
  /**
   * Connections, including those whose handshake is not complete. At a limit, an idle connection
   * gives way, closed with NO_ERROR: it has no request under way, and its client has been quiet for
   * two seconds. If no connection is idle, new ones are refused with CONNECTION_REFUSED, unless
   * their network or address has less than half of the connections that the greediest has; then a
   * connection of the greediest gives way, as one that holds too many bytes does.
   *
   * @default {{ perConnection: 1, perAddress: 256, perNetwork: 1024, total: 4096 }}
   */
  connections?: ResourceLimits;
}

const LEVELS = ["perConnection", "perAddress", "perNetwork", "total"] as const;

/**
 * The limits that options mean.
 *
 * @throws {TypeError} Which one cannot be used, and why.
 */
export function ledgerLimits(limits: PeerLimits = {}): LedgerLimits {
  for (const name of Object.keys(limits)) {
    if (RESOURCES.includes(name as Resource)) continue;
    throw new TypeError(`Cannot limit ${name}: it must be one of ${RESOURCES.join(", ")}`);
  }
  const entries = RESOURCES.map((name) => [name, limitOf(name, limits[name] ?? {})]);
  return Object.fromEntries(entries);
}

function limitOf(name: Resource, limit: ResourceLimits): Limit {
  for (const level of LEVELS) {
    const value = limit[level];
    if (value === undefined || value >= 1) continue;
    throw new TypeError(
      `Cannot use ${value} for limits.${name}.${level}: it must be a number from 1 on`,
    );
  }
  const given = LEVELS.filter((level) => limit[level] !== undefined);
  const chosen = Object.fromEntries(given.map((level) => [level, limit[level]]));
  return { ...SERVER_LIMITS[name], ...chosen };
}

/**
 * The networks that options name.
 *
 * @throws {TypeError} Which one cannot be read.
 */
export function exemptPrefixes(networks: readonly string[] = []): IpPrefix[] {
  return networks.map((text) => {
    const prefix = IpPrefix.parse(text);
    if (prefix !== undefined) return prefix;
    throw new TypeError(
      `Cannot exempt "${text}": write a network as an address and its bits, such as 192.0.2.0/24`,
    );
  });
}
