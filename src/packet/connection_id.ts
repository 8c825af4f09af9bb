// Connection IDs and their reset tokens, as numbers.

import { toHex } from "../bytes/bytes.ts";

/** The longest connection ID of versions 1 and 2 (RFC 9000, Section 17.2). */
export const MAX_ID_LENGTH = 20;

/** So many bytes of an ID are in its key. */
const KEY_BYTES = 6;
/** What three of them can say; so many bits at a time are small integers, which are quicker. */
const HALF = 0x100_0000;
/** IDs of up to so many bytes are kept as numbers. */
const SHORT_LENGTH = 8;

/**
 * A connection ID, and a number by which maps find it. A connection keeps some twenty of them, so
 * those of up to eight bytes are two numbers: an array of bytes takes eight times the memory.
 */
export class ConnectionId {
  /** Six bytes and the length; equal IDs have equal keys, but not the other way round. */
  readonly key: number;
  readonly length: number;
  /** What is not in the key: two bytes as a number, or of a longer ID all bytes. */
  readonly #rest: number | Uint8Array;

  /** Copies the bytes: they may be a view of something that changes. */
  constructor(bytes: Uint8Array) {
    const { length } = bytes;
    this.key = connectionIdKey(bytes, 0, length);
    this.length = length;
    this.#rest = length > SHORT_LENGTH ? bytes.slice() : tailOf(bytes, 0, length);
  }

  /** The bytes, in an array of their own. */
  get bytes(): Uint8Array {
    const rest = this.#rest;
    if (typeof rest !== "number") return rest.slice();
    const bytes = new Uint8Array(this.length);
    let key = this.key;
    for (let i = Math.min(this.length, KEY_BYTES) - 1; i >= 0; i--) {
      bytes[i] = key % 256;
      key = Math.floor(key / 256);
    }
    for (let i = KEY_BYTES; i < this.length; i++) bytes[i] = rest >>> (8 * (i - KEY_BYTES));
    return bytes;
  }

  /** Whether these are the `length` bytes at `offset` of a datagram. */
  matches(datagram: Uint8Array, offset: number, length: number): boolean {
    return length === this.length && connectionIdKey(datagram, offset, length) === this.key &&
      this.hasRest(datagram, offset);
  }

  /**
   * Whether the remaining bytes at `offset`, whose key is that of this ID, are the same as well.
   */
  hasRest(datagram: Uint8Array, offset: number): boolean {
    const rest = this.#rest;
    const { length } = this;
    if (typeof rest === "number") return rest === tailOf(datagram, offset, length);
    for (let i = KEY_BYTES; i < length; i++) if (rest[i] !== datagram[offset + i]) return false;
    return true;
  }

  /** Hexadecimal, for people and logs. */
  toString(): string {
    return toHex(this.bytes);
  }
}

/** The key that a `ConnectionId` of the `length` bytes at `offset` would have. */
export function connectionIdKey(bytes: Uint8Array, offset: number, length: number): number {
  const bits = length & 0x1f; // 5 bits and 6 bytes make 53
  if (length >= KEY_BYTES) {
    const high = bytes[offset]! << 16 | bytes[offset + 1]! << 8 | bytes[offset + 2]!;
    const low = bytes[offset + 3]! << 16 | bytes[offset + 4]! << 8 | bytes[offset + 5]!;
    return (bits * HALF + high) * HALF + low;
  }
  let key = bits;
  for (let at = offset; at < offset + length; at++) key = key * 256 + bytes[at]!;
  return key;
}

/** The bytes of a short ID that are not in its key. */
function tailOf(bytes: Uint8Array, offset: number, length: number): number {
  const seventh = length > KEY_BYTES ? bytes[offset + KEY_BYTES]! : 0;
  return length === SHORT_LENGTH ? seventh | (bytes[offset + KEY_BYTES + 1]! << 8) : seventh;
}
