import type { Reader } from "../bytes/reader.ts";
import type { ByteBuffer } from "./byte_buffer.ts";

/**
 * Reads an integer whose first `bits` bits share a byte with flags (RFC 9204, Section 4.1.1).
 *
 * @throws {RangeError} If the integer exceeds 2^53 - 1 or is padded without end.
 */
export function readPrefixInt(reader: Reader, bits: number): number {
  const limit = (1 << bits) - 1;
  let value = reader.uint8() & limit;
  if (value < limit) return value;
  for (let scale = 1;; scale *= 128) {
    const byte = reader.uint8();
    value += (byte & 0x7f) * scale;
    // RFC 9204, Section 4.1.1 wants 62 bits; nothing we grant needs more than 53, and RFC 9204,
    // Section 7.4 has an error for what is more than can be held.
    if (value > Number.MAX_SAFE_INTEGER || scale > 2 ** 56) {
      throw new RangeError("Cannot hold an integer above 2^53 - 1");
    }
    if (byte < 0x80) return value;
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
