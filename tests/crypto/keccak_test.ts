import assert from "node:assert/strict";
import { sha3_256, sha3_512, shake128, shake256 } from "@noble/hashes/sha3.js";
import { Keccak } from "../../src/crypto/keccak.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

Deno.test("Keccak hashes as the library does, whatever the length", () => {
  const keccak = new Keccak();
  const random = new SeededRandom(3);
  for (let length = 0; length < 350; length++) {
    const data = random.bytes(length);
    const cut = random.below(length + 1);
    const parts = [data.subarray(0, cut), data.subarray(cut)];
    assert.equal(keccak.sha3(...parts).toHex(), sha3_256(data).toHex());
    assert.equal(keccak.sha3Long(...parts).toHex(), sha3_512(data).toHex());
    assert.equal(keccak.shake256(136, ...parts).toHex(), shake256(data, { dkLen: 136 }).toHex());
    let stream = "";
    keccak.shake128((block) => (stream += block.slice(0, 168).toHex()).length < 1_008, ...parts);
    assert.equal(stream, shake128(data, { dkLen: 504 }).toHex());
  }
});
