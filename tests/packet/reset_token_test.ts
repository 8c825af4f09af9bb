import assert from "node:assert/strict";
import { ResetToken } from "../../src/packet/reset_token.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

Deno.test("ResetToken.matches() compares every bit and the length", () => {
  const bytes = new SeededRandom("token").bytes(16);
  const token = new ResetToken(bytes);
  assert.ok(token.matches(bytes.slice()));
  for (let bit = 0; bit < 128; bit++) {
    const other = bytes.slice();
    other[bit >>> 3]! ^= 1 << (bit & 7);
    assert.ok(!token.matches(other), `bit ${bit}`);
  }
  assert.ok(!token.matches(bytes.subarray(0, 15)));
  assert.ok(!token.matches(new Uint8Array(17)));
  assert.ok(!new ResetToken(new Uint8Array(16)).matches(new Uint8Array(15)));
});
