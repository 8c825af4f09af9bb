import assert from "node:assert/strict";
import { toHex } from "../../src/bytes/bytes.ts";
import { Writer } from "../../src/bytes/writer.ts";

Deno.test("Writer.varint() writes the shortest form of RFC 9000, Appendix A.1", () => {
  const samples: [number, string][] = [
    [0, "00"],
    [37, "25"],
    [63, "3f"],
    [64, "4040"],
    [15_293, "7bbd"],
    [16_383, "7fff"],
    [16_384, "80004000"],
    [494_878_333, "9d7f3e7d"],
    [2 ** 30 - 1, "bfffffff"],
    [2 ** 30, "c000000040000000"],
    [2 ** 32 + 5, "c000000100000005"],
    [2 ** 53 - 1, "c01fffffffffffff"],
  ];
  for (const [value, hex] of samples) {
    const writer = new Writer(new Uint8Array(8));
    writer.varint(value);
    assert.equal(toHex(writer.written()), hex);
  }
});

Deno.test("Writer.varintOfSize() fills the size that was asked for", () => {
  for (const [size, hex] of [[1, "25"], [2, "4025"], [4, "80000025"], [8, "c000000000000025"]]) {
    const writer = new Writer(new Uint8Array(8));
    writer.varintOfSize(37, Number(size));
    assert.equal(toHex(writer.written()), hex);
  }
});

Deno.test("Writer writes numbers of fixed size with the highest byte first", () => {
  const writer = new Writer(new Uint8Array(10));
  writer.uint8(0x01);
  writer.uint16(0x0203);
  writer.uint24(0x040506);
  writer.uint32(0x0708090a);
  assert.equal(toHex(writer.written()), "0102030405060708090a");
});

Deno.test("Writer never writes beyond its end", () => {
  const writes: [number, (writer: Writer) => unknown][] = [
    [1, (writer) => writer.uint8(255)],
    [2, (writer) => writer.uint16(65_535)],
    [3, (writer) => writer.uint24(0xffffff)],
    [4, (writer) => writer.uint32(0xffffffff)],
    [2, (writer) => writer.varint(16_383)],
    [4, (writer) => writer.varint(2 ** 30 - 1)],
    [8, (writer) => writer.varint(2 ** 53 - 1)],
    [5, (writer) => writer.put(new Uint8Array(5).fill(255))],
    [6, (writer) => writer.fill(255, 6)],
    [7, (writer) => writer.reserve(7)],
  ];
  for (const [size, write] of writes) {
    for (let room = 0; room < size; room++) {
      const bytes = new Uint8Array(20);
      const writer = new Writer(bytes, 3, 3 + room);
      assert.throws(() => write(writer), RangeError);
      assert.equal(writer.offset, 3);
      assert.deepEqual(bytes, new Uint8Array(20), "nothing was written");
    }
    const writer = new Writer(new Uint8Array(20), 3, 3 + size);
    write(writer);
    assert.equal(writer.room, 0);
    assert.equal(writer.written(3).length, size);
  }
});

Deno.test("Writer patches a number over bytes written before", () => {
  const writer = new Writer(new Uint8Array(10));
  writer.fill(0xee, 10);
  writer.patchVarint(8, 0x15, 2);
  assert.equal(toHex(writer.bytes), "eeeeeeeeeeeeeeee4015");
  assert.equal(writer.offset, 10);
});

Deno.test("Writer.fill() and reserve() keep their place", () => {
  const writer = new Writer(new Uint8Array(6));
  assert.equal(writer.reserve(2), 0);
  writer.fill(9, 3);
  writer.uint8(1);
  assert.equal(toHex(writer.bytes), "000009090901");
  assert.equal(writer.aim(new Uint8Array(4), 1).room, 3);
});
