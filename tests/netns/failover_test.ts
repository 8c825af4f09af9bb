import assert from "node:assert/strict";
import { OUTAGE, type Scenario, simulated } from "./scenario.ts";
import { failovers } from "./scenarios.ts";
import { testScenarios, type Verdict } from "./verdict.ts";

const TOLERANCE = 1.35;
/** Milliseconds for which nothing may come. */
const LONGEST_STALL = 600;
/** Milliseconds from a path's return until it is in use. */
const LONGEST_RETURN = 2_600;

testScenarios(
  "a path that is lost and comes back delays a download little",
  failovers.map(verdictOn),
);

function verdictOn(scenario: Scenario): Verdict {
  return {
    scenario,
    always({ bytes, returnTime, duration }) {
      const total = bytes.reduce((sum, count) => sum + count, 0);
      assert.ok(total <= 1.2 * scenario.size, `${total} bytes for ${scenario.size}`);
      assert.ok(duration > OUTAGE, "the disturbance came in the middle");
      assert.notEqual(returnTime, undefined, "the path is used again");
      for (const count of bytes) assert.ok(count >= 0.15 * total, `shares are ${bytes}`);
    },
    limits({ duration, stall, returnTime = Infinity }) {
      const limit = TOLERANCE * simulated(scenario);
      assert.ok(duration <= limit, `${duration} ms, simulated limit ${limit} ms`);
      assert.ok(stall <= LONGEST_STALL, `nothing came for ${stall} ms`);
      assert.ok(returnTime <= LONGEST_RETURN, `used again after ${returnTime} ms`);
    },
  };
}
