import assert from "node:assert/strict";
import { LATEST } from "../sim/dying_path.ts";
import { PLANS } from "./drip.ts";
import { OUTAGE, type Scenario, simulated } from "./scenario.ts";
import { drips, failovers, handover } from "./scenarios.ts";
import { testScenarios, type Verdict } from "./verdict.ts";

const TOLERANCE = 1.35;
/** Milliseconds for which nothing may come. */
const LONGEST_STALL = 600;
/** Milliseconds by which the longest answer may exceed the simulated one. */
const LONGEST_EXCESS = 60;
/** Milliseconds that any message may take when a path dies, on a machine that is busy too. */
const LONGEST_ANSWER = 300;
/** Milliseconds from a path's return until it is in use. */
const LONGEST_RETURN = 2_600;

testScenarios("a path that is lost and comes back delays transfers little", [
  ...failovers.map(verdictOn),
  {
    scenario: handover,
    always: ({ duration }) => assert.ok(duration > 7 * 400, "there were eight answers"),
    limits: ({ stall }) => {
      const limit = Math.max(simulated(handover) + LONGEST_EXCESS, LONGEST_ANSWER);
      assert.ok(stall <= limit, `one answer took ${stall} ms, simulated limit ${limit} ms`);
    },
  },
  {
    scenario: drips,
    always: ({ delays = {} }) => assert.equal(Object.keys(delays).length, PLANS.length),
    limits: ({ delays = {} }) => {
      for (const [name, delay] of Object.entries(delays)) {
        assert.ok(delay <= LATEST, `${name}: one message was ${delay} ms late`);
      }
    },
  },
]);

function verdictOn(scenario: Scenario): Verdict {
  return {
    scenario,
    always({ duration }) {
      assert.ok(duration > OUTAGE, "the disturbance came in the middle");
    },
    limits({ bytes, duration, stall, returnTime = Infinity }) {
      const limit = TOLERANCE * simulated(scenario);
      assert.ok(duration <= limit, `${duration} ms, simulated limit ${limit} ms`);
      assert.ok(stall <= LONGEST_STALL, `nothing came for ${stall} ms`);
      const total = bytes.reduce((sum, count) => sum + count, 0);
      assert.ok(total <= 1.2 * scenario.size, `${total} bytes for ${scenario.size}`);
      for (const count of bytes) assert.ok(count >= 0.1 * total, `shares are ${bytes}`);
      assert.ok(returnTime <= LONGEST_RETURN, `used again after ${returnTime} ms`);
    },
  };
}
