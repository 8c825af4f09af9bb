import assert from "node:assert/strict";
import { ResetMap } from "../../src/endpoint/reset_map.ts";
import { ResetToken } from "../../src/packet/reset_token.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const random = new SeededRandom(7);

function make(): ResetMap<string> {
  return new ResetMap(random.bytes(16));
}

Deno.test("ResetMap finds the owners of a token, each once, until they are deleted", () => {
  const map = make();
  const [one, two] = [random.bytes(16), random.bytes(16)];
  map.add(new ResetToken(one), "a");
  map.add(new ResetToken(one), "a");
  map.add(new ResetToken(one), "b");
  map.add(new ResetToken(two), "a");
  assert.deepEqual([map.find(one), map.find(two)], [["a", "b"], ["a"]]);
  assert.deepEqual(map.find(random.bytes(16)), []);
  map.delete(new ResetToken(one), "a");
  map.delete(new ResetToken(two), "b");
  assert.deepEqual([map.find(one), map.find(two)], [["b"], ["a"]]);
  map.delete(new ResetToken(one), "b");
  map.delete(new ResetToken(two), "a");
  assert.equal(map.size, 0);
});

Deno.test("ResetMap mixes all bits of a token with its secret, so that few look alike", () => {
  const map = make();
  // Tokens that differ in one bit, in one byte, and not at all in their first words.
  const tokens = new Map<string, Uint8Array>();
  for (let bit = 0; bit < 128; bit++) {
    for (let count = 0; count < 64; count++) {
      const token = new Uint8Array(16);
      token[15] = count;
      token[bit >> 3]! ^= 1 << (bit & 7);
      tokens.set(token.join(), token);
    }
  }
  for (const [name, token] of tokens) map.add(new ResetToken(token), name);
  // Of 8,000 random numbers of 32 bits, two are alike once in 134 times.
  assert.ok(map.size >= tokens.size - 2, `${map.size} of ${tokens.size}`);
  for (const [name, token] of tokens) assert.ok(map.find(token).includes(name));
  const other = make();
  const [first, second] = [random.bytes(16), random.bytes(16)];
  other.add(new ResetToken(first), "a");
  assert.deepEqual([other.find(first), other.find(second)], [["a"], []]);
});
