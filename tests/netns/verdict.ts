import assert from "node:assert/strict";
import { type Measurement, type Scenario, Stage } from "./scenario.ts";
import { whyNoNamespaces } from "./testbed.ts";

const reason = await whyNoNamespaces();
// deno-lint-ignore no-console -- a test that is skipped says why
if (reason) console.log(`Nothing over real sockets is tested: ${reason}`);

/** Runs of which the median counts. */
const RUNS = 3;
/** Milliseconds by which the relay may be late; beyond that, a run says nothing about us. */
const TOLERABLE = 25;
/** More runs than this are not begun. */
const MOST_RUNS = 6;

/** What runs of a scenario must show. */
export interface Verdict {
  readonly scenario: Scenario;
  /** What must hold in each run; throws if it does not. */
  always(measurement: Measurement): void;
  /** What must hold in the median. */
  limits(measurement: Measurement): void;
}

/** A test of scenarios, which share two hosts and two links. */
export function testScenarios(name: string, verdicts: readonly Verdict[]): void {
  Deno.test({ name, ignore: reason !== undefined }, async (test) => {
    await using stage = await Stage.set(2);
    for (const verdict of verdicts) {
      await test.step(verdict.scenario.name, () => judge(stage, verdict));
    }
  });
}

/**
 * The median of three runs must please. It ends as soon as that is certain: when two have pleased,
 * or two have not.
 */
async function judge(stage: Stage, { scenario, always, limits }: Verdict): Promise<void> {
  const enough = (RUNS + 1) / 2;
  const failures: unknown[] = [];
  let pleased = 0;
  for (let run = 0; run < MOST_RUNS && pleased < enough; run++) {
    const measurement = await stage.run(scenario);
    assert.equal(measurement.failure, undefined);
    assert.ok(measurement.isExact, "each byte is the right one");
    always(measurement);
    try {
      limits(measurement);
      pleased++;
    } catch (error) {
      if (measurement.lateness > TOLERABLE) continue;
      failures.push(error);
      if (failures.length === enough) throw error;
    }
  }
  assert.ok(pleased >= enough, "the machine is too busy to measure anything");
}
