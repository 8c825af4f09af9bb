import assert from "node:assert/strict";
import { Throttle } from "../../cli/http/throttle.ts";

Deno.test("Throttle lets a tenth of a second pass at once, and then its rate", () => {
  let now = 0;
  const throttle = new Throttle(1_000, () => now);
  assert.equal(throttle.take(100), 0);
  assert.equal(throttle.take(500), 500);
  now = 500;
  assert.equal(throttle.take(0), 0);
  assert.equal(throttle.take(250), 250);
});

Deno.test("Throttle saves no more than a tenth of a second while nothing comes", () => {
  let now = 0;
  const throttle = new Throttle(1_000, () => now);
  now = 60_000;
  assert.equal(throttle.take(300), 200);
});
