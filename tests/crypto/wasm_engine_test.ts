import assert from "node:assert/strict";
import { CipherSuite } from "../../src/crypto/cipher_suite.ts";
import { nobleEngine } from "../../src/crypto/noble_engine.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { wasmEngine } from "../../src/crypto/wasm_engine.ts";

const engine = wasmEngine(nobleEngine);
const suite = CipherSuite.ChaCha20Poly1305Sha256;

Deno.test("wasmEngine() seals and opens as noble does, whatever the lengths", () => {
  const random = new SeededRandom(8439);
  for (let length = 0; length <= 600; length++) same(random, random.below(70), length);
  for (const length of [1_200, 1_452, 4_096, 65_279, 65_281, 65_535]) {
    same(random, random.below(3_000), length);
  }
  for (const length of [60_000, 65_472, 65_473, 65_535]) same(random, length, 10);
  same(random, 65_535, 65_535);
});

Deno.test("wasmEngine() carries through every limb", () => {
  // Blocks of ones and multipliers at their largest bring about all carries there are.
  for (const byte of [0x00, 0xff]) {
    for (let seed = 0; seed < 200; seed++) {
      const random = new SeededRandom(seed);
      const key = random.bytes(32);
      const nonce = random.bytes(12);
      const zeros = new Uint8Array(96 + 16);
      nobleEngine.aead(suite, key).seal(nonce, zeros, 0, 0, 96);
      // XORed with the key stream, the ciphertext is all one byte.
      const text = zeros.map((value) => value ^ byte);
      const copy = text.slice();
      engine.aead(suite, key).seal(nonce, text, 0, 0, 96);
      nobleEngine.aead(suite, key).seal(nonce, copy, 0, 0, 96);
      assert.deepEqual(text, copy);
    }
  }
});

Deno.test("wasmEngine() keeps keys apart", () => {
  const random = new SeededRandom(1);
  const [one, two] = [engine.aead(suite, random.bytes(32)), engine.aead(suite, random.bytes(32))];
  const nonce = random.bytes(12);
  const buffer = random.bytes(120);
  const text = buffer.slice(20, 104);
  one.seal(nonce, buffer, 0, 20, 104);
  const out = new Uint8Array(84);
  assert.equal(two.open(nonce, buffer, 0, 20, 120, out), -1);
  assert.equal(one.open(nonce, buffer, 0, 20, 120, out), 84);
  assert.deepEqual(out, text);
});

Deno.test("wasmEngine() keeps the keys of masks apart, from each other and from those of texts", () => {
  const random = new SeededRandom(2);
  const key = random.bytes(32);
  const [one, two] = [engine.headerMask(suite, key), engine.headerMask(suite, random.bytes(32))];
  const expected = nobleEngine.headerMask(suite, key);
  const buffer = random.bytes(60);
  const [mask, other, right] = [new Uint8Array(5), new Uint8Array(5), new Uint8Array(5)];
  for (let at = 0; at < 40; at++) {
    two.mask(buffer, at, other);
    engine.aead(suite, random.bytes(32)).seal(random.bytes(12), buffer.slice(), 0, 9, 30);
    one.mask(buffer, at, mask);
    expected.mask(buffer, at, right);
    assert.deepEqual(mask, right);
    assert.notDeepEqual(other, right);
  }
});

Deno.test("wasmEngine() refuses what its memory cannot hold", () => {
  const aead = engine.aead(suite, new Uint8Array(32));
  const buffer = new Uint8Array(140_000);
  const nonce = new Uint8Array(12);
  const out = new Uint8Array(140_000);
  // Longer than any datagram: no peer can have sealed it.
  assert.equal(aead.open(nonce, buffer, 0, 10, 70_000, out), -1);
  assert.equal(aead.open(nonce, buffer, 0, 66_000, 66_100, out), -1);
  assert.throws(() => aead.seal(nonce, buffer, 0, 10, 66_000), RangeError);
  assert.throws(() => aead.seal(nonce, buffer, 0, 66_000, 66_100), RangeError);
  assert.throws(() => aead.open(nonce, buffer, 0, 10, 100, new Uint8Array(73)), RangeError);
  assert.throws(() => engine.aead(suite, new Uint8Array(31)), RangeError);
});

function same(random: SeededRandom, adLength: number, length: number): void {
  const key = random.bytes(32);
  const nonce = random.bytes(12);
  const textEnd = adLength + length;
  const plain = random.bytes(textEnd + 16);
  const ours = plain.slice();
  const theirs = plain.slice();
  engine.aead(suite, key).seal(nonce, ours, 0, adLength, textEnd);
  nobleEngine.aead(suite, key).seal(nonce, theirs, 0, adLength, textEnd);
  assert.ok(equal(ours, theirs), `sealed ${length} bytes with ${adLength} of data`);
  const out = new Uint8Array(length);
  const opened = engine.aead(suite, key).open(nonce, ours, 0, adLength, textEnd + 16, out);
  assert.equal(opened, length);
  assert.ok(equal(out, plain.subarray(adLength, textEnd)), `opened ${length} bytes`);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
