// The layout of connection IDs.

import type { Random } from "../crypto/random.ts";

/**
 * What the connection IDs that an endpoint issues contain: a place for the name of a server, for
 * balancers, and for the worker among several that share a socket. The ID of a packet then says
 * where it belongs, whichever path it took.
 *
 * @example IDs whose first byte names one of many workers
 * ```ts
 * import { type IdLayout, randomIds } from "@mpquic/mpquic/core";
 *
 * function workerIds(worker: number): IdLayout {
 *   return {
 *     length: 9,
 *     make: (random) => Uint8Array.of(worker, ...randomIds.make(random)),
 *     isOurs: (datagram, offset) => datagram[offset] === worker,
 *   };
 * }
 * ```
 */
export interface IdLayout {
  /** Bytes of each ID: short headers do not tell (RFC 9000, Section 17.3.1). 20 at most. */
  readonly length: number;
  /**
   * A new ID. RFC 9000, Section 5.1: an observer must not see which IDs belong to one connection.
   * The unpredictable part must be long enough that no ID is made twice.
   */
  make(random: Random): Uint8Array;
  /**
   * Whether the ID at `offset` could have been made here. RFC 9000, Section 21.11: an endpoint that
   * resets connections of another one with the same key ends them for any attacker that has seen an
   * ID.
   */
  isOurs(datagram: Uint8Array, offset: number): boolean;
  /**
   * The number of another worker of this server that the ID at `offset` names; -1 if it names none.
   * Left out where there is no other.
   */
  otherWorker?(datagram: Uint8Array, offset: number): number;
  /**
   * What an ID names, be it another worker of this server: its reset token depends on it, beside the
   * ID and the key. Left out where an ID names nothing.
   */
  ownerOf?(id: Uint8Array): Uint8Array;
}

/** Eight random bytes: for an endpoint that needs no other to find it. */
export const randomIds: IdLayout = {
  length: 8,
  make: (random) => random.bytes(8),
  isOurs: () => true,
};
