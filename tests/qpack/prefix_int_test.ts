import assert from "node:assert/strict";
import { fromHex, toHex } from "../../src/bytes/bytes.ts";
import { Reader, ReadError } from "../../src/bytes/reader.ts";
import { ByteBuffer } from "../../src/qpack/byte_buffer.ts";
import { readPrefixInt, writePrefixInt } from "../../src/qpack/prefix_int.ts";

// RFC 7541, Appendix C.1.
const vectors: readonly [value: number, bits: number, hex: string][] = [
  [10, 5, "0a"],
  [1337, 5, "1f9a0a"],
  [42, 8, "2a"],
];

Deno.test("writePrefixInt() and readPrefixInt() agree with RFC 7541, Appendix C.1", () => {
  for (const [value, bits, hex] of vectors) {
    const buffer = new ByteBuffer();
    writePrefixInt(buffer, 0, bits, value);
    assert.equal(toHex(buffer.take()), hex);
    assert.equal(readPrefixInt(new Reader(fromHex(hex)), bits), value);
  }
});

Deno.test("readPrefixInt() returns what writePrefixInt() wrote, at every boundary", () => {
  for (let bits = 3; bits <= 8; bits++) {
    for (let power = 0; power <= 53; power++) {
      for (const value of [2 ** power - 1, Math.min(2 ** power, Number.MAX_SAFE_INTEGER)]) {
        const buffer = new ByteBuffer(1);
        const flags = bits === 8 ? 0 : 1 << bits;
        writePrefixInt(buffer, flags, bits, value);
        const bytes = buffer.take();
        assert.equal(bytes[0]! & flags, flags);
        const reader = new Reader(bytes);
        assert.equal(readPrefixInt(reader, bits), value);
        assert.equal(reader.remaining, 0);
      }
    }
  }
});

// RFC 9204, Section 4.1.1: up to 62 bits.
Deno.test("readPrefixInt() holds back what only 62 bits can hold", () => {
  for (const hex of ["1fe0ffffffffffffff3f", "1fe1ffffffffffff0f", "1f80808080808080801f"]) {
    const reader = new Reader(fromHex(hex));
    assert.equal(readPrefixInt(reader, 5), Number.MAX_SAFE_INTEGER, hex);
    assert.equal(reader.remaining, 0);
  }
});

Deno.test("readPrefixInt() tells integers cut off from integers too large", () => {
  for (const hex of ["", "1f", "1f80", "1fffffff"]) {
    assert.throws(() => readPrefixInt(new Reader(fromHex(hex)), 5), ReadError, hex);
  }
  for (const hex of ["1fffffffffffffffff7f", "1f80808080808080808080808000"]) {
    assert.throws(() => readPrefixInt(new Reader(fromHex(hex)), 5), RangeError, hex);
  }
});
