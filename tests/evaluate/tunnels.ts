import { type Journey, Tunnel } from "../sim/tunnel.ts";
import { seeds } from "./measure.ts";
import { SCHEDULERS } from "./policies.ts";
import { median, type Row } from "./row.ts";

/** Milliseconds of silence: longer than a path may be silent while others answer. */
const SILENCE = [16_000, 60_000] as const;
/** Milliseconds within which a link that is back is in use. */
const RETURN = 2_000;

/** T25: all paths fall silent, as in a tunnel; one link comes back, and later another. */
export function* tunnels(count: number): Generator<Row> {
  const all = new Map<string, Journey[]>();
  for (const [policy, make] of SCHEDULERS) {
    const pass = (seed: number) => new Tunnel(seed, { scheduler: make(), silence: SILENCE }).run();
    all.set(policy, seeds(count).map(pass));
  }
  const row = (name: string, unit: Row["unit"], of: (journeys: Journey[]) => number): Row => ({
    scenario: "T25",
    name,
    unit,
    results: new Map([...all].map(([policy, journeys]) => [policy, of(journeys)])),
  });
  const rows = (name: string, of: (journey: Journey) => number | undefined): Row[] => {
    const times = (journeys: Journey[]) => journeys.map(of).filter((time) => time !== undefined);
    return [
      row(`${name}, median of ${count}`, "ms", (journeys) => median(times(journeys))),
      row(`${name}, worst of ${count}`, "ms", (journeys) => Math.max(...times(journeys))),
    ];
  };
  const must = (target: number) => (row: Row): Row => ({ ...row, target, everybody: true });
  const dead = ({ isDead, idsSpent }: Journey) => isDead || idsSpent > 0;
  const few = (journeys: Journey[]) => journeys.filter(dead).length;
  yield must(0)(row(`connections or paths that die in ${count} tunnels of 16 to 60 s`, "", few));
  yield* rows("first link back: messages arrive", ({ first }) => first).map(must(RETURN));
  yield* rows("next link back: in use", ({ second }) => second).map(must(RETURN));
  yield* rows("first link back: the next bytes of a download", ({ download }) => download);
}
