import assert from "node:assert/strict";
import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import { POLICIES, SCHEDULERS } from "../evaluate/policies.ts";
import type { DripOptions } from "./drip.ts";
import { type Death, LATEST, loseUnderDrip } from "./dying_path.ts";
import { expectOpen } from "./transfers.ts";

const PERIODS = [5, 20, 50, 100, 400];
/** Those that are shorter than a round trip, and its third. */
const SHORT_PERIODS = [10, 20, 50, 70];

/** What happens before the path dies; a hold is so many milliseconds, and its path dies. */
interface Before extends Pick<Death, "warm" | "pause"> {
  readonly hold?: number;
}

function expectPrompt(
  drip: DripOptions,
  scheduler: Scheduler,
  { hold, ...before }: Before = {},
): void {
  for (const dying of [0, 1]) {
    const seed = `${drip.from} ${drip.kind} ${drip.period} ${dying}`;
    const held = hold && { hold: { links: [dying], duration: hold, before: 300 } };
    const { pair, longest } = loseUnderDrip({ seed, drip, scheduler, dying, ...before, ...held });
    expectOpen(pair);
    const what = `${drip.kind} every ${drip.period} ms, path ${dying} dies`;
    assert.ok(longest <= LATEST, `${what}: ${longest.toFixed(0)} ms late`);
  }
}

for (const from of ["client", "server"] as const) {
  for (const [name, scheduler] of SCHEDULERS) {
    Deno.test(`A path dies under a drip of the ${from} with ${name}: no message is late`, () => {
      for (const period of PERIODS) {
        expectPrompt({ from, period, kind: "stream" }, scheduler());
        if (period === 20) expectPrompt({ from, period, kind: "datagram" }, scheduler());
      }
    });
  }

  Deno.test(`A path dies under a drip of the ${from} when its window is wide`, () => {
    for (const period of SHORT_PERIODS) {
      for (const kind of ["stream", "datagram"] as const) {
        expectPrompt({ from, period, kind }, POLICIES.get("minRtt")!, { warm: 1_000_000 });
      }
    }
  });

  Deno.test(`A path dies in a pause of a drip of the ${from}`, () => {
    for (const period of SHORT_PERIODS) {
      for (const pause of [300, 3_000]) {
        expectPrompt({ from, period, kind: "stream" }, POLICIES.get("minRtt")!, { pause });
      }
    }
  });

  Deno.test(`A path dies a second after it held everything back, under a drip of the ${from}`, () => {
    for (const hold of [1_000, 3_000, 10_000]) {
      for (const name of ["earliestCompletion", "roundRobin", "backup"]) {
        for (const period of [20, 200]) {
          expectPrompt({ from, period, kind: "stream" }, SCHEDULERS.get(name)!(), { hold });
        }
      }
    }
  });
}

Deno.test("What piled up while both paths held everything back is gone within a second", () => {
  for (const from of ["client", "server"] as const) {
    for (const name of ["earliestCompletion", "weightedRoundRobin", "backup"]) {
      const { longest } = loseUnderDrip({
        seed: `${from} ${name}`,
        drip: { from, kind: "stream", period: 9 },
        scheduler: SCHEDULERS.get(name)!(),
        hold: { links: [0, 1], duration: 9_500, before: 40 },
      });
      assert.ok(longest <= LATEST, `${name} of the ${from}: ${longest.toFixed(0)} ms late`);
    }
  }
});

Deno.test("A path dies under small requests: no answer is late", () => {
  for (const period of PERIODS) {
    for (const warm of [0, 1_000_000]) {
      const drip = { from: "client", period, kind: "request", size: 700 } as const;
      expectPrompt(drip, POLICIES.get("minRtt")!, { warm });
    }
  }
});
