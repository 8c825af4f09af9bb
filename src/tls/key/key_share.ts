// A key share that waits for the peer's.

/** A key share that waits for the peer's. */
export interface KeyShare {
  /** The group it is of. */
  readonly group: number;
  /** What the peer gets to see. */
  readonly publicKey: Uint8Array;
  /** The shared secret; throws a `TransportError` if the peer's share is bad. */
  agree(peer: Uint8Array): Uint8Array;
}

/** A server's answer to a key share. */
export interface KeyAnswer {
  readonly publicKey: Uint8Array;
  readonly secret: Uint8Array;
}
