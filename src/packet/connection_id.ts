import { equalBytes, toHex } from "../bytes/bytes.ts";

/** The longest connection ID of versions 1 and 2 (RFC 9000, Section 17.2). */
export const MAX_ID_LENGTH = 20;

/** A connection ID: bytes of its own, and a number by which maps find it. */
export class ConnectionId {
  readonly bytes: Uint8Array;
  /** Six bytes and the length; equal IDs have equal keys, but not the other way round. */
  readonly key: number;

  /** Keeps `bytes`: hand over a copy if they are a view of something that changes. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.key = connectionIdKey(bytes, 0, bytes.length);
  }

  get length(): number {
    return this.bytes.length;
  }

  equals(other: ConnectionId): boolean {
    return this.key === other.key && equalBytes(this.bytes, other.bytes);
  }

  /** Whether these are the `length` bytes at `offset` of a datagram. */
  matches(datagram: Uint8Array, offset: number, length: number): boolean {
    const { bytes } = this;
    if (length !== bytes.length) return false;
    for (let i = 0; i < length; i++) if (bytes[i] !== datagram[offset + i]) return false;
    return true;
  }

  /** Hexadecimal, for people and logs. */
  toString(): string {
    return toHex(this.bytes);
  }
}

/** The key that a `ConnectionId` of the `length` bytes at `offset` would have. */
export function connectionIdKey(bytes: Uint8Array, offset: number, length: number): number {
  let key = length & 0x1f; // 5 bits and 6 bytes make 53
  const end = offset + (length < 6 ? length : 6);
  for (let at = offset; at < end; at++) key = key * 256 + bytes[at]!;
  return key;
}
