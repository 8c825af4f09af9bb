// A port: a socket, as the core sees it.

import type { Address } from "./address.ts";

/** What a port can do beyond carrying datagrams. */
export interface PortCapabilities {
  /** Whether the ECN marks of datagrams are set and told (RFC 9000, Section 13.4). */
  readonly ecn: boolean;
}

/** Where datagrams leave from; the core writes into the buffer that a port lends. */
export interface Port {
  /** The local address that peers see as source (or the bound one). */
  readonly address: Address;
  /** The buffer for the next datagram; undefined while too many are still under way. */
  readonly buffer: Uint8Array | undefined;
  /**
   * A buffer for a datagram that the other has no room for; left out where the other is the largest,
   * undefined while there is no room.
   */
  readonly largeBuffer?: Uint8Array | undefined;
  /** None if left out. */
  readonly capabilities?: PortCapabilities;
  /**
   * Bytes of the largest datagram to an address that is worth trying; what Ethernet carries if left
   * out. A port says more only where larger ones are not fragmented (RFC 9000, Section 14).
   */
  largestTo?(remote: Address): number;
}
