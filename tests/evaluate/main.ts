// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Runs the evaluation in virtual time and writes a Markdown table and SVG plots.
 *
 *     deno task evaluate [--out DIR] [--only T1,T5] [--all]
 *
 * Without `--all` the topology classes are sampled and chance is drawn less often. Scenarios that
 * `--only` leaves out keep the rows of an earlier run into the same folder.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as aggregation from "./aggregation.ts";
import { coupling } from "./competition.ts";
import { impairedPaths, lossyControllers, picoquicCases, smallWindows } from "./environments.ts";
import { drip, hold } from "./drips.ts";
import { blackhole, handover } from "./failover.ts";
import { fairShares, urgentFile } from "./priority.ts";
import { pathHistories } from "./histories.ts";
import { redundancy } from "./redundancy.ts";
import { barChart } from "./plot.ts";
import { markdown } from "./report.ts";
import { fromJson, OURS, reaches, type Row, toJson } from "./row.ts";
import { readTopologies, topologyClass } from "./topologies.ts";
import { tunnels } from "./tunnels.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    out: { type: "string", default: "evaluation" },
    only: { type: "string" },
    all: { type: "boolean", default: false },
  },
});
const topologies = await readTopologies();
const wanted = values.only?.split(",");
const seedCount = values.all ? 20 : 5;
const size = 20_480_000;
const sampled = <T>(all: readonly T[]): readonly T[] =>
  values.all ? all : all.filter((_, i) => i % 23 === 0);

const scenarios: [string, () => Iterable<Row>][] = [
  ["T1", aggregation.shortTransfers],
  ["T2", aggregation.longTransfers],
  ["T3", aggregation.smallFiles],
  ["T4", aggregation.growingFiles],
  ["T5", aggregation.manyPaths],
  ["T6", aggregation.bandwidthRatios],
  ["T7", aggregation.rttRatios],
  ["T8", aggregation.repositoryCases],
  ["T9", () => urgentFile(values.all ? 200 : 25)],
  ["T10", () =>
    topologyClass("T10", "low BDP", sampled(topologies.lowbdp!), size, {
      positive: 0.95,
      median: 0.8,
      harmed: 0,
      published: "MPQUIC 77 %, MPTCP 45 %",
    })],
  ["T11", () =>
    topologyClass("T11", "high BDP", sampled(topologies.highbdp!), size, {
      positive: 0.8,
      median: 0.28,
      harmed: 0.1,
      published: "MPQUIC 58 %, MPTCP 20 %",
    })],
  ["T12", () =>
    topologyClass("T12", "low BDP with loss", sampled(topologies.lowbdp_loss!), size, {
      median: 0,
      kept: 0.9,
    })],
  ["T13", () =>
    topologyClass("T13", "low BDP, 256 kB", sampled(topologies.lowbdp!), 256_000, {
      positive: 0.45,
      median: -0.02,
    })],
  ["T14", handover],
  ["T15", blackhole],
  ["T16", picoquicCases],
  ["T17", smallWindows],
  ["T18", function* () {
    yield* impairedPaths(seedCount);
    yield* redundancy(seedCount);
  }],
  ["T19", fairShares],
  ["T20", () => coupling(seedCount)],
  ["T21", () => lossyControllers(seedCount)],
  ["T22", () => pathHistories(values.all ? 10_000 : 200)],
  ["T23", () => drip(values.all ? 200 : 10)],
  ["T24", () => hold(values.all ? 200 : 10)],
  ["T25", () => tunnels(values.all ? 200 : 10)],
];

const store = join(values.out, "rows.json");
const kept = wanted ? await rowsIn(store) : [];
const rows: Row[] = [];
for (const [id, run] of scenarios) {
  if (wanted && !wanted.includes(id)) {
    rows.push(...kept.filter((row) => row.scenario === id));
    continue;
  }
  for (const row of run()) {
    rows.push(row);
    const bound = row.bound === undefined ? "" : `, Bw ${row.bound}`;
    const target = row.target === undefined
      ? ""
      : `, target ${row.target.toPrecision(3)} ${reaches(row) ? "reached" : "MISSED"}`;
    console.log(`${id} ${row.name}: ${row.results.get(OURS)!.toPrecision(4)}${bound}${target}`);
  }
}
await Deno.mkdir(values.out, { recursive: true });
await Deno.writeTextFile(store, toJson(rows));
await Deno.writeTextFile(join(values.out, "evaluation.md"), markdown(rows));
for (const scenario of new Set(rows.map((row) => row.scenario))) {
  const chart = barChart(scenario, rows.filter((row) => row.scenario === scenario));
  await Deno.writeTextFile(join(values.out, `${scenario}.svg`), chart);
}
const missed = rows.filter((row) => !reaches(row)).length;
console.log(`${rows.length} rows in ${values.out}, ${missed} of them miss their target`);

async function rowsIn(file: string): Promise<Row[]> {
  try {
    return fromJson(await Deno.readTextFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
