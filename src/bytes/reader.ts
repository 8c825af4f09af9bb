// A cursor that reads fields from bytes.

import { NO_BYTES } from "./bytes.ts";

/** Thrown when the bytes end before a field does, or a number is too large to hold. */
export class ReadError extends Error {
  override readonly name = "ReadError";
}

/** A checked cursor over one datagram or message. It is aimed again rather than made again. */
export class Reader {
  /** The buffer under the cursor. */
  bytes: Uint8Array;
  /** Where the next field begins. */
  offset: number;
  /** Where the readable part ends. */
  end: number;

  constructor(bytes: Uint8Array = NO_BYTES, offset = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
  }

  /** Points the cursor at another range of bytes. */
  aim(bytes: Uint8Array, offset = 0, end: number = bytes.length): this {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    return this;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.end - this.offset;
  }

  uint8(): number {
    if (this.offset >= this.end) throw truncated();
    return this.bytes[this.offset++]!;
  }

  uint16(): number {
    const at = this.advance(2);
    return (this.bytes[at]! << 8) | this.bytes[at + 1]!;
  }

  uint24(): number {
    const at = this.advance(3);
    return (this.bytes[at]! << 16) | (this.bytes[at + 1]! << 8) | this.bytes[at + 2]!;
  }

  uint32(): number {
    return uint32At(this.bytes, this.advance(4));
  }

  /**
   * Reads a variable-length integer (RFC 9000, Section 16).
   *
   * A value above 2^53 - 1 is refused: no limit this implementation grants comes near it.
   */
  varint(): number {
    if (this.offset >= this.end) throw truncated();
    const first = this.bytes[this.offset]!;
    if (first < 0x40) {
      this.offset++;
      return first;
    }
    return this.#longVarint(first);
  }

  /**
   * Reads a variable-length integer; one above 2^53 - 1 is taken as 2^53 - 1.
   *
   * For fields whose huge values are legal and mean no more than "plenty" or "some unknown code":
   * peers do announce limits of 2^62 - 1.
   */
  varintClamped(): number {
    const { bytes, offset } = this;
    if (this.remaining < 8 || bytes[offset]! < 0xc0) return this.varint();
    if ((uint32At(bytes, offset) & 0x3fff_ffff) <= 0x1f_ffff) return this.varint();
    this.offset += 8;
    return Number.MAX_SAFE_INTEGER;
  }

  #longVarint(first: number): number {
    const { bytes } = this;
    if (first < 0x80) {
      const at = this.advance(2);
      return ((first & 0x3f) << 8) | bytes[at + 1]!;
    }
    if (first < 0xc0) return uint32At(bytes, this.advance(4)) & 0x3fff_ffff;
    const at = this.advance(8);
    const high = uint32At(bytes, at) & 0x3fff_ffff;
    if (high > 0x1f_ffff) throw new ReadError("Cannot hold an integer above 2^53 - 1");
    return high * 0x1_0000_0000 + uint32At(bytes, at + 4);
  }

  /** Goes to an offset. */
  seek(offset: number): void {
    this.offset = offset;
  }

  /** The next `length` bytes as a view; it lives as long as the buffer does. */
  take(length: number): Uint8Array {
    const at = this.advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /** Passes over `length` bytes and returns where they began. */
  advance(length: number): number {
    const at = this.offset;
    if (!(length >= 0) || length > this.end - at) throw truncated();
    this.offset = at + length;
    return at;
  }
}

function uint32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>>
    0;
}

function truncated(): ReadError {
  return new ReadError("Cannot read beyond the end");
}
