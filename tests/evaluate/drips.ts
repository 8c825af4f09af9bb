import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import type { DripOptions } from "../sim/drip.ts";
import { type Death, LATEST, loseUnderDrip } from "../sim/dying_path.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { seeds } from "./measure.ts";
import { SCHEDULERS } from "./policies.ts";
import { median, type Row } from "./row.ts";

const ENDS = ["client", "server"] as const;
const KINDS = ["stream", "datagram"] as const;

/** T23: small messages every 5 to 400 ms, and the path that carries them dies. */
export function* drip(count: number): Generator<Row> {
  yield* delays("T23", "drip", count, (random) => ({
    ...(random.chance(0.3) ? { warm: 1e5 + random.below(9e5) } : {}),
    ...(random.chance(0.3) ? { pause: random.between(50, 5_000) } : {}),
  }));
}

/** T24: the same after one path, or both, held everything back for 1 to 10 s and lost nothing. */
export function* hold(count: number): Generator<Row> {
  yield* delays("T24", "drip after a hold", count, (random) => {
    const held = random.below(2);
    const hold = {
      links: random.chance(0.3) ? [0, 1] : [held],
      duration: random.between(1_000, 10_000),
      before: 10 ** random.between(1, 4),
    };
    return { hold, ...(random.chance(0.5) ? { dying: held } : {}) };
  });
}

/** The longest delay of a message, for each end that sends and each way to send it. */
function* delays(
  scenario: string,
  name: string,
  count: number,
  draw: (random: SeededRandom) => Partial<Death>,
): Generator<Row> {
  for (const from of ENDS) {
    for (const kind of KINDS) {
      const all = new Map<string, number[]>();
      for (const [policy, make] of SCHEDULERS) {
        all.set(policy, seeds(count).map((seed) => longest(seed, from, kind, make(), draw)));
      }
      const row = (which: string, of: (values: number[]) => number): Row => ({
        scenario,
        name: `${name} of the ${from}, ${kind}s: longest delay, ${which} of ${count}`,
        unit: "ms",
        results: new Map([...all].map(([policy, values]) => [policy, of(values)])),
        target: LATEST,
        everybody: true,
      });
      yield row("median", median);
      yield row("worst", (values) => Math.max(...values));
    }
  }
}

function longest(
  seed: number,
  from: DripOptions["from"],
  kind: "stream" | "datagram",
  scheduler: Scheduler,
  draw: (random: SeededRandom) => Partial<Death>,
): number {
  const random = new SeededRandom(seed, "drip");
  // Shorter periods as often as longer ones.
  const period = 5 * 80 ** random.unit();
  return loseUnderDrip({ seed, drip: { from, kind, period }, scheduler, ...draw(random) }).longest;
}
