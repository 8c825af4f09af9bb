// How much the peers of an endpoint may hold.

import type { Resource } from "./share.ts";

/**
 * How much of one resource may be held.
 *
 * @internal
 */
export interface Limit {
  /** By one connection. */
  readonly perConnection: number;
  /** By all connections of one address; of IPv6, where a machine has many, of one /64. */
  readonly perAddress: number;
  /** By all of one network: the /24 of an IPv4 address, the /56 of an IPv6 address. */
  readonly perNetwork: number;
  /** By all connections of the endpoint. */
  readonly total: number;
}

/** How much of everything may be held. */
export type LedgerLimits = Readonly<Record<Resource, Limit>>;
