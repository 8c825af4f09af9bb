import assert from "node:assert/strict";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

Deno.test("SeededRandom repeats itself for the same seed and no other", () => {
  const take = (seed: number) => new SeededRandom(seed).bytes(64);
  assert.deepEqual(take(7), take(7));
  for (let seed = 0; seed < 50; seed++) assert.notDeepEqual(take(seed), take(seed + 1));
});

Deno.test("SeededRandom.below() covers its range evenly and stays inside", () => {
  const random = new SeededRandom(1);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${counts}`);
  for (let i = 0; i < 1_000; i++) assert.equal(random.below(1), 0);
  let largest = 0;
  for (let i = 0; i < 1_000; i++) largest = Math.max(largest, random.below(2 ** 32));
  assert.ok(largest > 2 ** 31 && largest < 2 ** 32);
});
