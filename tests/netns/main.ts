// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * Downloads over real sockets through emulated links, beside the same in the simulation:
 *
 *     deno task netns [RUNS]
 */
import { type Measurement, type Scenario, simulated, Stage } from "./scenario.ts";
import { drips, failovers, handover, transfers } from "./scenarios.ts";
import { whyNoNamespaces } from "./testbed.ts";

const runs = Number(Deno.args[0] ?? 5);
const reason = await whyNoNamespaces();
if (reason) {
  console.error(`Cannot measure over real sockets here: ${reason}`);
  Deno.exit(1);
}
console.log(
  "| scenario | real (s) | simulated (s) | ratio | stall (ms) | back (ms) | share of paths |",
);
console.log("|---|---|---|---|---|---|---|");
await using stage = await Stage.set(2);
for (const scenario of [...transfers, ...failovers, handover, drips]) {
  console.log(await row(scenario));
}

async function row(scenario: Scenario): Promise<string> {
  const all: Measurement[] = [];
  for (let i = 0; i < runs; i++) all.push(await stage.run(scenario));
  for (const { failure, isExact } of all) {
    if (failure || !isExact) console.error(`${scenario.name}: ${failure ?? "wrong bytes"}`);
  }
  const isPulse = scenario.direction === "answers" || scenario.direction === "drips";
  const real = median(all.map(({ duration, stall }) => isPulse ? stall : duration));
  const virtual = simulated(scenario);
  const back = all.map(({ returnTime }) => returnTime ?? Infinity);
  const cells = [
    scenario.name,
    seconds(real),
    seconds(virtual),
    (real / virtual).toFixed(2),
    median(all.map(({ stall }) => stall)).toFixed(0),
    scenario.disturbance && !isPulse ? median(back).toFixed(0) : "",
    shares(all),
  ];
  return `| ${cells.join(" | ")} |`;
}

function shares(all: readonly Measurement[]): string {
  const total = all.flatMap(({ bytes }) => bytes).reduce((sum, bytes) => sum + bytes, 0);
  const perLink = all[0]!.bytes.map((_, i) => all.reduce((sum, run) => sum + run.bytes[i]!, 0));
  return perLink.map((bytes) => `${Math.round(100 * bytes / total)} %`).join(" + ");
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(3);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
