/**
 * Variable-length integers (RFC 9000, Section 16) as JavaScript numbers.
 *
 * Values above 2^53 - 1 cannot be held exactly; readers refuse them (see `Reader.varint`).
 */

/** The largest value this implementation reads or writes, 2^53 - 1. */
export const MAX_SAFE_VARINT: number = Number.MAX_SAFE_INTEGER;

/** Bytes that `value` takes on the wire. */
export function varintSize(value: number): number {
  if (value < 0x40) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x4000_0000) return 4;
  return 8;
}
