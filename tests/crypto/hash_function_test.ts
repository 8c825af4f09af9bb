import assert from "node:assert/strict";
import { hashFunction, isSha256, nobleHash } from "../../src/crypto/hash_function.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const own = hashFunction("sha256");
const library = nobleHash("sha256");

Deno.test("hashFunction() hashes as the library does, whatever the lengths", () => {
  const random = new SeededRandom(4);
  const lengths = Array.from({ length: 300 }, (_, i) => i);
  for (const length of [...lengths, 32_767, 32_768, 32_832, 100_000]) {
    const data = random.bytes(length);
    assert.equal(own.hash(data).toHex(), library.hash(data).toHex(), `${length}`);
    const key = random.bytes(length % 150);
    const mac = own.keyed(key)(data).toHex();
    assert.equal(mac, library.keyed(key)(data).toHex(), `${length}`);
  }
});

Deno.test("A running hash can be asked at any time, and goes on", () => {
  const random = new SeededRandom(5);
  for (let round = 0; round < 20; round++) {
    const data = random.bytes(1_000);
    const [running, other] = [own.start(), own.start()];
    for (let at = 0; at < data.length;) {
      const next = at + random.below(150);
      running.update(data.subarray(at, next));
      at = Math.min(next, data.length);
      other.update(data.subarray(0, 70));
      const right = library.hash(data.subarray(0, at)).toHex();
      assert.equal(running.digest().toHex(), right);
      const more = data.subarray(0, at + 10);
      assert.equal(running.digest(data.subarray(at, at + 10)).toHex(), library.hash(more).toHex());
    }
  }
});

Deno.test("Keys that were made ready do not mix", () => {
  const random = new SeededRandom(6);
  const keys = Array.from({ length: 5 }, () => random.bytes(32));
  const mine = keys.map((key) => own.keyed(key));
  const right = keys.map((key) => library.keyed(key));
  for (let round = 0; round < 50; round++) {
    const i = random.below(keys.length);
    const data = random.bytes(random.below(100));
    assert.equal(mine[i]!(data).toHex(), right[i]!(data).toHex());
  }
});

Deno.test("isSha256() finds a function that is another one", () => {
  assert.ok(isSha256(own));
  assert.ok(isSha256(library));
  assert.ok(!isSha256(nobleHash("sha384")));
  for (const part of ["hash", "start", "keyed"] as const) {
    assert.ok(!isSha256({ ...library, [part]: nobleHash("sha384")[part] }), part);
  }
});
