import assert from "node:assert/strict";
import { expand, expandLabel, hkdfLabel, hmac, HmacKey } from "../../src/crypto/hkdf.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

Deno.test("HmacKey hashes as hmac() does, whatever came in between", () => {
  const random = new SeededRandom(2104);
  const names = ["sha256", "sha384"] as const;
  const keys = Array.from({ length: 12 }, (_, i) => random.bytes(17 * i));
  const ready = keys.map((key) => names.map((name) => new HmacKey(name, key)));
  for (let length = 0; length < 300; length += 13) {
    const data = random.bytes(length);
    for (const [i, key] of keys.entries()) {
      for (const [at, name] of names.entries()) {
        assert.deepEqual(ready[i]![at]!.hash(data), hmac(name, key, data));
      }
    }
  }
});

Deno.test("HmacKey expands labels as HKDF does, and no further than a hash", () => {
  const random = new SeededRandom(5869);
  for (const [name, most] of [["sha256", 32], ["sha384", 48]] as const) {
    const secret = random.bytes(most);
    const key = new HmacKey(name, secret);
    for (const context of [new Uint8Array(0), random.bytes(most)]) {
      for (let length = 1; length <= most; length++) {
        const expected = expand(name, secret, hkdfLabel("quic hp", context, length), length);
        assert.deepEqual(key.expandLabel("quic hp", context, length), expected);
        assert.deepEqual(expandLabel(name, secret, "quic hp", context, length), expected);
      }
    }
    assert.throws(() => key.expandLabel("quic hp", undefined, most + 1), RangeError);
    assert.equal(expandLabel(name, secret, "exporter", undefined, 500).length, 500);
  }
});
