import { OURS, quantile, type Row } from "./row.ts";
import { download } from "./measure.ts";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import { earliestCompletion } from "../../src/scheduler/earliest_completion.ts";
import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import type { LinkOptions } from "../sim/link.ts";

/** Mbit/s, one-way delay in ms, stated queue in s, random loss in %. */
type PathFigures = readonly [number, number, number, number];
type Topology = readonly [PathFigures, PathFigures];

const SMALLEST_QUEUE = 10 * 1_500;

/** The 4 × 506 topologies of CoNEXT 2017. */
export async function readTopologies(): Promise<Record<string, readonly Topology[]>> {
  const text = await Deno.readTextFile(new URL("./topologies.json", import.meta.url));
  return JSON.parse(text).classes;
}

/**
 * Aggregation benefit: 0 for the goodput of the best path alone, 1 for the sum of both, -1 for none
 * (De Coninck and Bonaventure, Section 4).
 */
export function benefit(size: number, alone: readonly number[], both: number): number {
  const goodput = size / both;
  const single = alone.map((seconds) => size / seconds);
  const best = Math.max(...single);
  const sum = single.reduce((a, b) => a + b);
  return goodput >= best ? (goodput - best) / (sum - best) : (goodput - best) / best;
}

/** What a class has to reach, each a share of its topologies, but for the median. */
export interface ClassTargets {
  /** With any benefit. */
  readonly positive?: number;
  readonly median?: number;
  /** With a benefit below -0.05, at most. */
  readonly harmed?: number;
  /** No slower than the path alone that the connection began on. */
  readonly kept?: number;
  readonly published?: string;
}

/**
 * T10 to T13: the benefit over a class of topologies, by the default and by the lowest RTT. Where
 * chance plays, it is another one for each topology.
 */
export function* topologyClass(
  scenario: string,
  name: string,
  topologies: readonly Topology[],
  size: number,
  targets: ClassTargets,
): Generator<Row> {
  const policies: [string, Scheduler][] = [[OURS, earliestCompletion], ["minRtt", minRtt]];
  const benefits = new Map<string, number[]>(policies.map(([policy]) => [policy, []]));
  const speedups = new Map<string, number[]>(policies.map(([policy]) => [policy, []]));
  topologies.forEach((topology, seed) => {
    const links = topology.map(linkFor);
    const alone = links.map((link) => download([link], size, { seed }));
    for (const [policy, scheduler] of policies) {
      const both = download(links, size, { scheduler, seed });
      benefits.get(policy)!.push(benefit(size, alone, both));
      speedups.get(policy)!.push(alone[0]! / both);
    }
  });
  const by = (of: (values: number[]) => number, what = benefits): Map<string, number> =>
    new Map([...what].map(([policy, values]) => [policy, of(values)]));
  const label = `${name}, ${topologies.length} topologies`;
  const share = (values: number[], good: (value: number) => boolean): number =>
    values.filter(good).length / values.length;
  yield {
    scenario,
    name: `${label}: share with benefit`,
    unit: "",
    results: by((values) => share(values, (value) => value > 0)),
    ...(targets.positive === undefined ? {} : { target: targets.positive, atLeast: true }),
    ...(targets.published === undefined ? {} : { published: targets.published }),
  };
  yield {
    scenario,
    name: `${label}: median benefit`,
    unit: "",
    results: by((values) => quantile(values, 0.5)),
    ...(targets.median === undefined ? {} : { target: targets.median, atLeast: true }),
  };
  yield {
    scenario,
    name: `${label}: share with a benefit below -0.05`,
    unit: "",
    results: by((values) => share(values, (value) => value < -0.05)),
    ...(targets.harmed === undefined ? {} : { target: targets.harmed }),
  };
  const ours = benefits.get(OURS)!;
  const least = Math.min(...ours);
  yield {
    scenario,
    name: `${label}: least benefit, of number ${ours.indexOf(least)}`,
    unit: "",
    results: by((values) => Math.min(...values)),
  };
  yield {
    scenario,
    name: `${label}: share no slower than the first path alone`,
    unit: "",
    results: by((values) => share(values, (value) => value >= 1), speedups),
    ...(targets.kept === undefined ? {} : { target: targets.kept, atLeast: true }),
  };
}

/** The emulator of the paper took the stated queue for milliseconds: in truth it is one BDP. */
function linkFor([megabits, delay, , loss]: PathFigures): LinkOptions {
  const rate = megabits * 1e6;
  const queue = Math.max(rate / 8_000 * 2 * delay, SMALLEST_QUEUE);
  return { rate, delay, queue, loss: loss / 100 };
}
