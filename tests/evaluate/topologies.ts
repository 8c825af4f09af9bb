import { follow, possible } from "./course.ts";
import { download } from "./measure.ts";
import { median, OURS, quantile, type Row } from "./row.ts";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import { earliestCompletion } from "../../src/scheduler/earliest_completion.ts";
import type { LinkOptions } from "../../src/sim/link.ts";

/** Mbit/s, one-way delay in ms, stated queue in s, random loss in %. */
type PathFigures = readonly [number, number, number, number];
type Topology = readonly [PathFigures, PathFigures];

const SMALLEST_QUEUE = 10 * 1_500;

/** The paper's receive window. */
const WINDOW = 16_777_216;
const config = { connectionWindow: WINDOW, streamWindow: WINDOW };

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
 * chance plays, it is another one for each topology. The bound is what would come if each path
 * delivered what it does alone, from the time on at which the handshake lets it be used.
 */
export function* topologyClass(
  scenario: string,
  name: string,
  topologies: readonly Topology[],
  size: number,
  targets: ClassTargets,
): Generator<Row> {
  const benefits = new Map<string, number[]>([[OURS, []], ["minRtt", []]]);
  const speedups = new Map<string, number[]>([[OURS, []], ["minRtt", []]]);
  const possibleBenefits: number[] = [];
  const excesses: number[] = [];
  topologies.forEach((topology, seed) => {
    const links = topology.map(linkFor);
    const courses = links.map((link) => follow([link], size, { seed, config }));
    const alone = courses.map(({ duration }) => duration);
    const note = (policy: string, both: number) => {
      benefits.get(policy)!.push(benefit(size, alone, both));
      speedups.get(policy)!.push(alone[0]! / both);
    };
    const ours = follow(links, size, { scheduler: earliestCompletion, seed, config });
    note(OURS, ours.duration);
    note("minRtt", download(links, size, { scheduler: minRtt, seed, config }));
    const bound = possible(courses, ours.begun, size);
    possibleBenefits.push(benefit(size, alone, bound));
    excesses.push(ours.duration / bound);
  });
  const label = `${name}, ${topologies.length} topologies`;
  const row = (
    title: string,
    of: (values: number[]) => number,
    target: number | undefined,
    more: Partial<Row> = {},
  ): Row => ({
    scenario,
    name: `${label}: ${title}`,
    unit: "",
    results: new Map([...benefits].map(([policy, values]) => [policy, of(values)])),
    bound: of(possibleBenefits),
    ...(target === undefined ? {} : { target }),
    ...more,
  });
  const { published } = targets;
  yield row(
    "share with benefit",
    (values) => share(values, (value) => value > 0),
    targets.positive,
    {
      atLeast: true,
      ...(published === undefined ? {} : { published }),
    },
  );
  yield row("median benefit", median, targets.median, { atLeast: true });
  const isHarmed = (value: number) => value < -0.05;
  yield row("share with a benefit below -0.05", (all) => share(all, isHarmed), targets.harmed);
  const ours = benefits.get(OURS)!;
  const least = Math.min(...ours);
  const number = ours.indexOf(least);
  yield row(`least benefit, of number ${number}`, (values) => Math.min(...values), undefined);
  yield {
    scenario,
    name: `${label}: share no slower than the first path alone`,
    unit: "",
    results: new Map(
      [...speedups].map(([policy, all]) => [policy, share(all, (value) => value >= 1)]),
    ),
    ...(targets.kept === undefined ? {} : { target: targets.kept, atLeast: true }),
  };
  for (const part of [0.5, 0.95, 1]) {
    yield {
      scenario,
      name: `${label}: time over what is possible, ${100 * part} of 100 below`,
      unit: "x",
      results: new Map([[OURS, quantile(excesses, part)]]),
    };
  }
}

function share(values: readonly number[], good: (value: number) => boolean): number {
  return values.filter(good).length / values.length;
}

/** The emulator of the paper took the stated queue for milliseconds: in truth it is one BDP. */
function linkFor([megabits, delay, , loss]: PathFigures): LinkOptions {
  const rate = megabits * 1e6;
  const queue = Math.max(rate / 8_000 * 2 * delay, SMALLEST_QUEUE);
  return { rate, delay, queue, loss: loss / 100 };
}
