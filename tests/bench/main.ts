// deno-lint-ignore-file no-console
import { median } from "./loads.ts";
import { BenchServer, type Outcome } from "./processes.ts";
import type { StackName } from "./stack.ts";
import { formatTable, type Row } from "./table.ts";

// Measures this implementation beside the runtime's own QUIC: `deno task bench [--json]`.
// Every stack has a server process and client processes, as it would have for its users. Each
// figure is the median of a few runs, in which the stacks take turns: a busy moment hits them all.

const RUNS = 3;
const MEGABYTE = 1_000_000;
const SECONDS = 1.5;
const STACKS: readonly StackName[] = ["runtime", "mpquic", "two paths", "node:crypto", "noble"];

const bulk = await measure("bulk", (name) => (name === "noble" ? 50 : 200) * MEGABYTE);
const single = await measure("requests", () => SECONDS);
const many = await measure("requests32", () => SECONDS);
const fresh = await measure("connections", () => SECONDS);

const rows: Row[] = [
  row("one stream (200 MB; noble 50 MB), Mbit/s", bulk, ({ rate }) => 8 * rate / MEGABYTE),
  row("requests for 1 kB, one at a time, per second", single, ({ rate }) => rate),
  row("the same, median in ms", single, ({ median }) => median!, 2),
  row("requests for 1 kB, 32 at a time, per second", many, ({ rate }) => rate),
  row("new connections, one at a time, per second", fresh, ({ rate }) => rate),
];
console.log(Deno.args.includes("--json") ? json(rows) : `\n${formatTable(STACKS, rows)}`);

/** Runs a load some times on all stacks. */
async function measure(
  load: string,
  amount: (name: StackName) => number,
): Promise<Map<StackName, Outcome[]>> {
  const outcomes = new Map<StackName, Outcome[]>();
  await using servers = new AsyncDisposableStack();
  const running: [StackName, BenchServer][] = [];
  for (const name of STACKS) running.push([name, servers.use(await BenchServer.start(name))]);
  for (let run = 1; run <= RUNS; run++) {
    for (const [name, server] of running) {
      const outcome = await server.run(load, amount(name));
      console.error(`${load} ${run}/${RUNS}: ${name}`);
      outcomes.set(name, [...outcomes.get(name) ?? [], outcome]);
    }
  }
  return outcomes;
}

function row(
  title: string,
  outcomes: ReadonlyMap<StackName, Outcome[]>,
  figure: (outcome: Outcome) => number,
  digits = 0,
): Row {
  const figures = new Map<string, number>();
  for (const [name, all] of outcomes) figures.set(name, median(all.map(figure)));
  return { title, digits, figures };
}

function json(all: readonly Row[]): string {
  const plain = all.map(({ title, figures }) => ({ title, ...Object.fromEntries(figures) }));
  return JSON.stringify(plain, undefined, 2);
}
