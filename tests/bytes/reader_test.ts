import assert from "node:assert/strict";
import { fromHex } from "../../src/bytes/bytes.ts";
import { Reader, ReadError } from "../../src/bytes/reader.ts";
import { Writer } from "../../src/bytes/writer.ts";

/** RFC 9000, Appendix A.1, save the one above 2^53. */
const samples: [string, number][] = [
  ["9d7f3e7d", 494_878_333],
  ["7bbd", 15_293],
  ["25", 37],
  ["4025", 37],
  ["80000025", 37],
  ["c000000000000025", 37],
  ["00", 0],
  ["3f", 63],
  ["7fff", 16_383],
  ["bfffffff", 2 ** 30 - 1],
  ["c000000040000000", 2 ** 30],
  ["c0000000ffffffff", 2 ** 32 - 1],
  ["c000000100000000", 2 ** 32],
  ["c01fffffffffffff", 2 ** 53 - 1],
];

Deno.test("Reader.varint() reads the samples of RFC 9000, Appendix A.1 and the bounds", () => {
  for (const [hex, value] of samples) {
    const reader = new Reader(fromHex(hex));
    assert.equal(reader.varint(), value, hex);
    assert.equal(reader.remaining, 0);
  }
});

Deno.test("Reader.varint() refuses what a number cannot hold", () => {
  for (const hex of ["c2197c5eff14e88c", "c020000000000000", "ffffffffffffffff"]) {
    assert.throws(() => new Reader(fromHex(hex)).varint(), ReadError, hex);
  }
});

Deno.test("Reader refuses every field at every length that is too short", () => {
  const fields: [number, (reader: Reader) => unknown][] = [
    [1, (reader) => reader.uint8()],
    [2, (reader) => reader.uint16()],
    [3, (reader) => reader.uint24()],
    [4, (reader) => reader.uint32()],
    [7, (reader) => reader.take(7)],
    [9, (reader) => reader.advance(9)],
  ];
  for (const [hex] of samples) fields.push([hex.length / 2, (reader) => reader.varint()]);
  let i = -fields.length + samples.length;
  for (const [size, read] of fields) {
    const bytes = new Uint8Array(20).fill(0xaa);
    if (i >= 0) bytes.set(fromHex(samples[i]![0]), 5);
    i++;
    for (let length = 0; length < size; length++) {
      // Bytes behind the end of the range are there and may not be touched.
      const reader = new Reader(bytes, 5, 5 + length);
      assert.throws(() => read(reader), ReadError, `${size} bytes cut to ${length}`);
      assert.equal(reader.offset, 5, "a refused read does not move");
    }
    const whole = new Reader(bytes, 5, 5 + size);
    read(whole);
    assert.equal(whole.remaining, 0);
  }
});

Deno.test("Reader.take() and advance() refuse hostile lengths", () => {
  const reader = new Reader(new Uint8Array(10), 4);
  for (const length of [-1, 7, 2 ** 31, 2 ** 32, 2 ** 53 - 1, Infinity, -Infinity, NaN]) {
    assert.throws(() => reader.take(length), ReadError, `${length}`);
    assert.throws(() => reader.advance(length), ReadError, `${length}`);
  }
  assert.equal(reader.take(0).length, 0);
  assert.equal(reader.take(6).length, 6);
  assert.throws(() => reader.uint8(), ReadError);
});

Deno.test("Reader.take() lends a view, not a copy", () => {
  const bytes = new Uint8Array(8);
  const view = new Reader(bytes, 2).take(3);
  bytes[3] = 7;
  assert.deepEqual(view, new Uint8Array([0, 7, 0]));
});

Deno.test("Reader reads fixed fields as unsigned numbers, highest byte first", () => {
  const reader = new Reader(fromHex("ff fffe fffefd fffefdfc"));
  assert.equal(reader.uint8(), 0xff);
  assert.equal(reader.uint16(), 0xfffe);
  assert.equal(reader.uint24(), 0xfffefd);
  assert.equal(reader.uint32(), 0xfffefdfc);
  assert.equal(reader.aim(fromHex("0102"), 1).uint8(), 2);
});

Deno.test("Reader reads what Writer wrote", () => {
  const bytes = new Uint8Array(200);
  const writer = new Writer(bytes);
  const values = samples.map(([, value]) => value);
  for (const value of values) writer.varint(value);
  const reader = new Reader(bytes, 0, writer.offset);
  for (const value of values) assert.equal(reader.varint(), value);
  assert.equal(reader.remaining, 0);
});
