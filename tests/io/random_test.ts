import assert from "node:assert/strict";
import { SystemRandom } from "../../src/io/random.ts";

Deno.test("SystemRandom.bytes() gives as many bytes as asked, never the same twice", () => {
  const random = new SystemRandom();
  const seen = new Set<string>();
  for (let i = 0; i < 2000; i++) seen.add(random.bytes(16).toString());
  assert.equal(seen.size, 2000);
  for (const length of [0, 1, 1024, 1025, 65_536, 65_537, 200_000]) {
    assert.equal(random.bytes(length).length, length);
  }
  const large = random.bytes(200_000);
  const zeros = large.filter((byte) => byte === 0).length;
  assert.ok(zeros > 500 && zeros < 1200, `${zeros} zeros in 200,000 bytes`);
});

Deno.test("SystemRandom.below() is even and stays below the limit", () => {
  const random = new SystemRandom();
  const counts = new Array<number>(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[random.below(6)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 600, `${counts}`);
  assert.equal(random.below(1), 0);
  let largest = 0;
  for (let i = 0; i < 1000; i++) largest = Math.max(largest, random.below(2 ** 32));
  assert.ok(largest > 2 ** 31 && largest < 2 ** 32);
});

Deno.test("SystemRandom.below() refuses limits it cannot serve", () => {
  const random = new SystemRandom();
  for (const limit of [0, -1, NaN, 2 ** 49, Infinity]) {
    assert.throws(() => random.below(limit), RangeError);
  }
});
