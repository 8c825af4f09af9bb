import type { Address } from "./address.ts";

/** Where datagrams leave from; the core writes into the buffer that a port lends. */
export interface Port {
  /** The local address that peers see as source (or the bound one). */
  readonly address: Address;
  /** The buffer for the next datagram; undefined while too many are still under way. */
  readonly buffer: Uint8Array | undefined;
}
