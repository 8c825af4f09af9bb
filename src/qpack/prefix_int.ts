// Integers of QPACK, which share their first byte with flags (RFC 9204, Section 4.1.1).

import type { Reader } from "../bytes/reader.ts";
import type { ByteBuffer } from "./byte_buffer.ts";

/** RFC 9204, Section 4.1.1: integers have 62 bits at most. */
const TOO_LARGE = 2 ** 62;

/**
 * Reads an integer whose first `bits` bits share a byte with flags (RFC 9204, Section 4.1.1). A
 * value above 2^53 - 1 is taken as 2^53 - 1: no index, length or stream comes near it.
 *
 * @throws {RangeError} If the integer has more than 62 bits or is padded without end.
 */
export function readPrefixInt(reader: Reader, bits: number): number {
  const limit = (1 << bits) - 1;
  let value = reader.uint8() & limit;
  if (value < limit) return value;
  for (let scale = 1;; scale *= 128) {
    const byte = reader.uint8();
    value += (byte & 0x7f) * scale;
    // RFC 9204, Section 7.4: there is an error for what is more than can be held.
    if (value > TOO_LARGE || scale > 2 ** 56) {
      throw new RangeError("Cannot hold an integer of more than 62 bits");
    }
    if (byte < 0x80) return Math.min(value, Number.MAX_SAFE_INTEGER);
  }
}

/** Writes an integer into the low `bits` bits of a byte that also carries `flags`. */
export function writePrefixInt(
  buffer: ByteBuffer,
  flags: number,
  bits: number,
  value: number,
): void {
  const limit = (1 << bits) - 1;
  if (value < limit) {
    buffer.push(flags | value);
    return;
  }
  buffer.push(flags | limit);
  let rest = value - limit;
  while (rest >= 128) {
    buffer.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  buffer.push(rest);
}
