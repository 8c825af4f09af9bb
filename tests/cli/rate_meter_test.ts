import assert from "node:assert/strict";
import { RateMeter } from "../../cli/server/rate_meter.ts";

const LIMITS = { rate: 1_000, grace: 10_000 };

Deno.test("RateMeter counts the time of waiting only, after a while", () => {
  const meter = new RateMeter();
  assert.equal(meter.isTooSlow(1e9, LIMITS), false, "nothing is awaited");
  meter.begin(0);
  meter.begin(5_000); // it goes on
  assert.equal(meter.isTooSlow(10_000, LIMITS), false);
  assert.equal(meter.isTooSlow(10_001, LIMITS), true);
  assert.equal(meter.isTooSlow(10_001, { ...LIMITS, rate: 0 }), false, "any rate will do");
  meter.end(10_000, 2_000);
  assert.equal(meter.isTooSlow(1e9, LIMITS), false, "what is not waiting does not count");
  meter.begin(100_000);
  assert.equal(meter.isTooSlow(102_000, LIMITS), false);
  assert.equal(meter.isTooSlow(102_001, LIMITS), true);
  meter.reset();
  assert.equal(meter.isTooSlow(102_001, LIMITS), false);
});
