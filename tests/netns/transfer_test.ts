import assert from "node:assert/strict";
import { type Scenario, simulated } from "./scenario.ts";
import { transfers } from "./scenarios.ts";
import { testScenarios, type Verdict } from "./verdict.ts";

/** Real time may exceed simulated time by this factor: cores are shared, code is still cold. */
const TOLERANCE = 1.35;
/** Of the share that a path's rate entitles it to, what it must carry at least. */
const LEAST_SHARE = 0.4;

testScenarios("downloads over real sockets keep up with the simulation", transfers.map(verdictOn));

function verdictOn(scenario: Scenario): Verdict {
  const rates = scenario.links.map(({ rate }) => rate!);
  const capacity = rates.reduce((sum, rate) => sum + rate, 0);
  const isEven = new Set(scenario.links.map(({ delay, loss }) => `${delay} ${loss}`)).size === 1;
  return {
    scenario,
    always({ bytes, paths }) {
      const total = bytes.reduce((sum, count) => sum + count, 0);
      assert.ok(total >= scenario.size, "nothing comes by other ways");
      assert.equal(paths.length, scenario.links.length);
    },
    limits({ bytes, duration, stall }) {
      const total = bytes.reduce((sum, count) => sum + count, 0);
      // What links count are IP packets, acknowledgements and handshake included.
      assert.ok(total <= 1.25 * scenario.size, `${total} bytes for ${scenario.size}`);
      // A path that is slower or loses packets may have little to add to a short transfer.
      const least = isEven ? LEAST_SHARE : LEAST_SHARE / 2;
      bytes.forEach((count, i) => {
        const share = count / total;
        assert.ok(share >= least * rates[i]! / capacity, `path ${i}: ${share} of all bytes`);
      });
      const limit = TOLERANCE * simulated(scenario);
      assert.ok(duration <= limit, `${duration} ms, simulated limit ${limit} ms`);
      assert.ok(stall <= 600, `nothing came for ${stall} ms`);
    },
  };
}
