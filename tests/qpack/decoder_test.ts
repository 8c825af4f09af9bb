import assert from "node:assert/strict";
import { fromHex, toHex } from "../../src/bytes/bytes.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import type { FieldLine } from "../../src/qpack/field_line.ts";

function pairs(lines: FieldLine[]): [string, string][] {
  return lines.map(({ name, value }) => [name, value]);
}

function decodeNow(decoder: QpackDecoder, id: number, hex: string): FieldLine[] {
  const lines = decoder.decode(id, fromHex(hex));
  assert.ok(Array.isArray(lines));
  return lines;
}

function instructions(decoder: QpackDecoder): string {
  return toHex(decoder.instructions.take());
}

const small = { maxTableCapacity: 220 };

Deno.test("QpackDecoder follows RFC 9204, Appendix B", async () => {
  const decoder = new QpackDecoder(small);
  // B.1: a literal with a static name.
  const first = decodeNow(decoder, 0, "0000510b2f696e6465782e68746d6c");
  assert.deepEqual(pairs(first), [[":path", "/index.html"]]);
  assert.equal(instructions(decoder), "");
  // B.2: the section comes first and waits for the table.
  const blocked = decoder.decode(4, fromHex("03811011"));
  assert.ok(blocked instanceof Promise);
  assert.equal(decoder.blockedStreams, 1);
  decoder.receive(fromHex("3fbd01c00f7777772e6578616d706c652e636f6d"));
  assert.equal(decoder.blockedStreams, 1);
  decoder.receive(fromHex("c10c2f73616d706c652f70617468"));
  assert.deepEqual(pairs(await blocked), [
    [":authority", "www.example.com"],
    [":path", "/sample/path"],
  ]);
  assert.equal(instructions(decoder), "0184", "one insertion seen, then the section acknowledged");
  // B.3: a literal name.
  decoder.receive(fromHex("4a637573746f6d2d6b65790c637573746f6d2d76616c7565"));
  assert.equal(instructions(decoder), "01");
  // B.4: a duplicate that comes late; the stream is cancelled meanwhile.
  const late = decoder.decode(8, fromHex("050080c181"));
  assert.ok(late instanceof Promise);
  decoder.cancel(8);
  await assert.rejects(late, { name: "StreamError" });
  assert.equal(instructions(decoder), "48");
  decoder.receive(fromHex("02"));
  assert.deepEqual(pairs(decodeNow(decoder, 12, "050080c181")), [
    [":authority", "www.example.com"],
    [":path", "/"],
    ["custom-key", "custom-value"],
  ]);
  // B.5: an insertion that evicts the oldest.
  decoder.receive(fromHex("810d637573746f6d2d76616c756532"));
  assert.throws(() => decodeNow(decoder, 16, "060084"), { code: 0x200 }, "line 0 is gone");
  assert.deepEqual(pairs(decodeNow(decoder, 16, "060080")), [["custom-key", "custom-value2"]]);
});

Deno.test("QpackDecoder.receive() takes instructions cut anywhere", () => {
  const stream = fromHex(
    "3fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468" +
      "4a637573746f6d2d6b65790c637573746f6d2d76616c756502",
  );
  for (let size = 1; size < stream.length; size++) {
    const decoder = new QpackDecoder(small);
    for (let at = 0; at < stream.length; at += size) {
      decoder.receive(stream.subarray(at, at + size));
    }
    assert.deepEqual(pairs(decodeNow(decoder, 0, "050080")), [[":authority", "www.example.com"]]);
  }
});

const brokenSections: readonly [what: string, hex: string][] = [
  ["no prefix", ""],
  ["half a prefix", "00"],
  ["static index 99", "0000ff24"],
  ["static name index 99", "00005f5400"],
  ["a dynamic line of an empty table", "000080"],
  ["a dynamic name of an empty table", "00004000"],
  ["a post-base line of an empty table", "000010"],
  ["a post-base name of an empty table", "00000000"],
  ["an insert count beyond what the table can hold", "ff0000"],
  ["a negative base", "0081"],
  ["a truncated value", "0000510b2f69"],
  ["a truncated name", "00002775"],
  ["an integer without end", "0000" + "ff".repeat(12)],
  ["an integer above 2^53", "00005fffffffffffffffff7f"],
  ["Huffman padding of zeros", "0000518118"],
];

Deno.test("QpackDecoder.decode() refuses broken sections", () => {
  for (const [what, hex] of brokenSections) {
    const decoder = new QpackDecoder();
    assert.throws(() => decoder.decode(0, fromHex(hex)), {
      name: "ApplicationError",
      code: 0x200,
    }, what);
  }
});

Deno.test("QpackDecoder.decode() refuses references at or beyond the required insert count [attack qpack-sections]", () => {
  const decoder = new QpackDecoder(small);
  decoder.receive(fromHex("3fbd01c00f7777772e6578616d706c652e636f6dc10c2f73616d706c652f70617468"));
  assert.throws(() => decoder.decode(4, fromHex("028011")), { code: 0x200 });
  assert.throws(() => decoder.decode(4, fromHex("0200" + "80c1" + "10")), { code: 0x200 });
});

Deno.test("QpackDecoder.decode() lets only so many streams wait [attack qpack-sections]", async () => {
  const decoder = new QpackDecoder({ ...small, maxBlockedStreams: 2 });
  const waiting = [decoder.decode(0, fromHex("0280")), decoder.decode(4, fromHex("0280"))];
  assert.throws(() => decoder.decode(8, fromHex("0280")), { code: 0x200 });
  decoder.close(new Error("closed"));
  for (const result of waiting) await assert.rejects(async () => await result, /closed/);
});

Deno.test("QpackDecoder.decode() enforces the section size while decoding [attack qpack-sections]", () => {
  const decoder = new QpackDecoder({ maxFieldSectionSize: 1000 });
  decoder.receive(fromHex("3fe11f4161" + "7f8106" + "78".repeat(896)));
  const bomb = new Uint8Array(60_000).fill(0x80);
  bomb.set(fromHex("0200"));
  assert.throws(() => decoder.decode(0, bomb), { name: "StreamError", code: 0x107 });
  assert.throws(() => decoder.decode(0, fromHex("00005f00ffffffff0f")), { code: 0x107 });
  const many = new Uint8Array(60_000).fill(0xd1);
  many.set([0, 0]);
  assert.throws(() => decoder.decode(0, many), { name: "StreamError", code: 0x107 });
});

const brokenInstructions: readonly [what: string, hex: string][] = [
  ["a capacity of 10 000 000 000", "3fe1c7af a025"],
  ["a capacity above the limit", "3fe220"],
  ["an insertion while the capacity is 0", "4161 0162"],
  ["a static name index of 99", "3fe11f ff24 0161"],
  ["a dynamic name that is not there", "3fe11f 80 0161"],
  ["a duplicate of nothing", "3fe11f 00"],
  ["a name of 2 GiB", "3fe11f 5fe1ffffff07"],
  ["a value of 2 GiB", "3fe11f c0 7f81ffffff07"],
  ["a Huffman value of 2 GiB", "3fe11f c0 ff81ffffff07"],
  ["a line larger than the table", "3f01 4161 7f00" + "61".repeat(127)],
  ["Huffman padding of zeros", "3fe11f c0 8118"],
  ["an integer without end", "3f" + "ff".repeat(12)],
];

Deno.test("QpackDecoder.receive() refuses broken instructions", () => {
  for (const [what, hex] of brokenInstructions) {
    const decoder = new QpackDecoder();
    assert.throws(() => decoder.receive(fromHex(hex)), {
      name: "ApplicationError",
      code: 0x201,
    }, what);
  }
});

Deno.test("QpackDecoder.receive() stops an encoder stream without requests [attack qpack-encoder-stream]", () => {
  const decoder = new QpackDecoder();
  const churn = fromHex("3fe11f" + "c00161".repeat(1000));
  assert.throws(() => {
    for (let i = 0; i < 1000; i++) decoder.receive(churn);
  }, { name: "ApplicationError", code: 0x107 });
});

Deno.test("QpackDecoder.receive() takes long instructions cut anywhere", () => {
  // Longer than what is kept at first: a cookie, say, at the border of two packets.
  const value = "v".repeat(2_000);
  const encoder = new QpackEncoder();
  encoder.allow(4096, 0);
  encoder.encode(0, [{ name: "x-long", value }]);
  const stream = encoder.instructions.take();
  assert.ok(stream.length > 1_000);
  for (const size of [1, 63, 64, 65, 100, 700, 1_300]) {
    const decoder = new QpackDecoder();
    for (let at = 0; at < stream.length; at += size) {
      decoder.receive(stream.slice(at, at + size));
    }
    assert.equal(instructions(decoder), "01", `pieces of ${size}`);
    assert.deepEqual(pairs(decodeNow(decoder, 4, "020080")), [["x-long", value]]);
  }
});
