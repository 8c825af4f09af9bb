// A cursor that writes fields into a buffer.

import { NO_BYTES } from "./bytes.ts";
import { varintSize } from "./varint.ts";

/** A cursor that writes into a buffer of the caller. It never grows the buffer. */
export class Writer {
  /** The buffer under the cursor. */
  bytes: Uint8Array;
  /** Where the next field goes. */
  offset: number;
  /** Where writing must stop; callers check `room` before they write. */
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

  /** Bytes that still fit. */
  get room(): number {
    return this.end - this.offset;
  }

  uint8(value: number): void {
    this.bytes[this.#advance(1)] = value;
  }

  uint16(value: number): void {
    const at = this.#advance(2);
    this.bytes[at] = value >>> 8;
    this.bytes[at + 1] = value;
  }

  uint24(value: number): void {
    const at = this.#advance(3);
    this.bytes[at] = value >>> 16;
    this.bytes[at + 1] = value >>> 8;
    this.bytes[at + 2] = value;
  }

  uint32(value: number): void {
    this.#uint32At(this.#advance(4), value);
  }

  /** Goes to an offset. */
  seek(offset: number): void {
    this.offset = offset;
  }

  /** Writes up to there, and no further. */
  limit(end: number): void {
    this.end = end;
  }

  /** Writes a variable-length integer in as few bytes as hold it (RFC 9000, Section 16). */
  varint(value: number): void {
    if (value < 0x40) this.uint8(value);
    else this.varintOfSize(value, varintSize(value));
  }

  /** Writes a variable-length integer in 1, 2, 4 or 8 bytes, whatever its value would need. */
  varintOfSize(value: number, size: number): void {
    const at = this.#advance(size);
    this.patchVarint(at, value, size);
  }

  /** Writes a variable-length integer of `size` bytes over bytes written before. */
  patchVarint(at: number, value: number, size: number): void {
    const { bytes } = this;
    if (size === 1) {
      bytes[at] = value;
    } else if (size === 2) {
      bytes[at] = 0x40 | (value >>> 8);
      bytes[at + 1] = value;
    } else if (size === 4) {
      this.#uint32At(at, (0x8000_0000 | value) >>> 0);
    } else {
      this.#uint32At(at, (0xc000_0000 | Math.floor(value / 0x1_0000_0000)) >>> 0);
      this.#uint32At(at + 4, value >>> 0);
    }
  }

  /** Copies `data` under the cursor. */
  put(data: Uint8Array): void {
    this.bytes.set(data, this.#advance(data.length));
  }

  /** Fills `length` bytes with `value`. */
  fill(value: number, length: number): void {
    const at = this.#advance(length);
    this.bytes.fill(value, at, at + length);
  }

  /** Passes over `length` bytes, to be filled in later, and returns where they begin. */
  reserve(length: number): number {
    return this.#advance(length);
  }

  /** A view of what has been written since `start`. */
  written(start = 0): Uint8Array {
    return this.bytes.subarray(start, this.offset);
  }

  #advance(length: number): number {
    const at = this.offset;
    if (length > this.end - at) throw new RangeError("Cannot write beyond the end of the buffer");
    this.offset = at + length;
    return at;
  }

  #uint32At(at: number, value: number): void {
    const { bytes } = this;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }
}
