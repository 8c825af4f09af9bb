import assert from "node:assert/strict";
import { fromHex, toHex } from "../../src/bytes/bytes.ts";
import { decodeHuffman, encodeHuffman, huffmanSize } from "../../src/qpack/huffman.ts";
import { SizeLimitError } from "../../src/qpack/qpack_error.ts";

// RFC 7541, Appendix C.4 and C.6.
const vectors: readonly [text: string, hex: string][] = [
  ["www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"],
  ["no-cache", "a8eb10649cbf"],
  ["custom-value", "25a849e95bb8e8b4bf"],
  ["Mon, 21 Oct 2013 20:13:21 GMT", "d07abe941054d444a8200595040b8166e082a62d1bff"],
];

function encode(text: string): Uint8Array {
  const out = new Uint8Array(huffmanSize(text));
  encodeHuffman(text, out, 0);
  return out;
}

function decode(bytes: Uint8Array, limit = 1000): string {
  return decodeHuffman(bytes, 0, bytes.length, limit);
}

Deno.test("encodeHuffman() and decodeHuffman() agree with RFC 7541, Appendix C", () => {
  for (const [text, hex] of vectors) {
    assert.equal(toHex(encode(text)), hex);
    assert.equal(decode(fromHex(hex)), text);
  }
});

Deno.test("decodeHuffman() returns every byte value alone and beside others", () => {
  for (let byte = 0; byte < 256; byte++) {
    const char = String.fromCharCode(byte);
    for (const text of [char, `a${char}`, `${char}${char}z`, `\xff${char}\n`]) {
      assert.equal(decode(encode(text)), text);
    }
  }
});

Deno.test("decodeHuffman() refuses wrong padding", () => {
  assert.throws(() => decode(fromHex("18")), RangeError, "a, then zeros");
  assert.throws(() => decode(fromHex("1fff")), RangeError, "a, then eleven ones");
  assert.equal(decode(fromHex("1f")), "a");
});

Deno.test("decodeHuffman() refuses the end-of-string symbol", () => {
  assert.throws(() => decode(fromHex("ffffffff")), RangeError);
  assert.throws(() => decode(fromHex("fffffffc")), RangeError);
});

Deno.test("decodeHuffman() stops at the limit", () => {
  assert.equal(decode(encode("a".repeat(100)), 100).length, 100);
  assert.throws(() => decode(encode("a".repeat(101)), 100), SizeLimitError);
  assert.throws(() => decode(encode("a".repeat(1_000_000)), 100), SizeLimitError);
});

Deno.test("huffmanSize() refuses characters that are no bytes", () => {
  assert.throws(() => huffmanSize("\u0100"), TypeError);
});
