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

/** T10 to T13: the benefit over a class of topologies, by the default and by the lowest RTT. */
export function* topologyClass(
  scenario: string,
  name: string,
  topologies: readonly Topology[],
  size: number,
  targets: { positive?: number; median?: number; published?: string },
): Generator<Row> {
  const policies: [string, Scheduler][] = [[OURS, earliestCompletion], ["minRtt", minRtt]];
  const benefits = new Map<string, number[]>(policies.map(([policy]) => [policy, []]));
  for (const topology of topologies) {
    const links = topology.map(linkFor);
    const alone = links.map((link) => download([link], size));
    for (const [policy, scheduler] of policies) {
      benefits.get(policy)!.push(benefit(size, alone, download(links, size, { scheduler })));
    }
  }
  const by = (of: (values: number[]) => number): Map<string, number> =>
    new Map([...benefits].map(([policy, values]) => [policy, of(values)]));
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
    name: `${label}: least benefit`,
    unit: "",
    results: by((values) => Math.min(...values)),
  };
}

/** The emulator of the paper took the stated queue for milliseconds: in truth it is one BDP. */
function linkFor([megabits, delay, , loss]: PathFigures): LinkOptions {
  const rate = megabits * 1e6;
  const queue = Math.max(rate / 8_000 * 2 * delay, SMALLEST_QUEUE);
  return { rate, delay, queue, loss: loss / 100 };
}
