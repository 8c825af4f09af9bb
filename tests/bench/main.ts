// deno-lint-ignore-file no-console
import { parseArgs } from "node:util";
import { median } from "./loads.ts";
import { measure, type Outcome } from "./processes.ts";
import { type Measure, MEASURES, STACKS } from "./rows.ts";
import type { StackName } from "./stack.ts";
import { formatTable, type Row } from "./table.ts";

// Measures this implementation beside the runtime's own QUIC:
//   deno task bench [--long] [--rows bulk,upload] [--stacks runtime,mpquic] [--runs 5] [--json]
//     [--v8-flags=--invocation-count-for-maglev=100]
// Both ends are processes, as they would be for users. Each figure is the median of a few runs, in
// which the stacks take turns: a busy moment hits them all.

const RUNS = "3";

const { values: flags } = parseArgs({
  options: {
    long: { type: "boolean", default: false },
    rows: { type: "string" },
    stacks: { type: "string" },
    runs: { type: "string", default: RUNS },
    json: { type: "boolean", default: false },
    "v8-flags": { type: "string" },
  },
});
const names = MEASURES.map(({ name }) => name);
const wanted = pick("--rows", flags.rows, names) ??
  names.filter((name) => flags.long || !isLong(name));
const stacks = pick("--stacks", flags.stacks, STACKS) ?? STACKS;
const runs = Number(flags.runs);
if (!Number.isInteger(runs) || runs < 1) fail(`Cannot take "--runs ${flags.runs}": give 1 or more`);

const rows: Row[] = [];
for (const row of MEASURES) if (wanted.includes(row.name)) rows.push(...await run(row));
console.log(flags.json ? json(rows) : `\n${formatTable(stacks, rows)}`);

/** Runs a load some times on its stacks. */
async function run(row: Measure): Promise<Row[]> {
  const outcomes = new Map<StackName, Outcome[]>();
  for (let i = 1; i <= runs; i++) {
    for (const stack of row.stacks) {
      if (!stacks.includes(stack)) continue;
      console.error(`${row.name} ${i}/${runs}: ${stack}`);
      const outcome = await measure(stack, row.load, row.amount(stack), flags["v8-flags"]);
      outcomes.set(stack, [...outcomes.get(stack) ?? [], outcome]);
    }
  }
  const line = (title: string, digits: number, figure: (outcome: Outcome) => number): Row => {
    const figures = [...outcomes].map(([stack, all]) => [stack, median(all.map(figure))] as const);
    return { title, digits, figures: new Map(figures) };
  };
  const lines = [line(row.title, 0, row.rate)];
  const hasMedian = [...outcomes.values()].some(([first]) => first?.median !== undefined);
  if (hasMedian) lines.push(line("  median in ms", 2, ({ median }) => median!));
  for (const end of ["client", "server"] as const) {
    const cost = (outcome: Outcome) => row.costScale * outcome[end] / outcome.count;
    lines.push(line(`  processors, ${end}, ${row.costUnit}`, 1, cost));
  }
  return lines;
}

function isLong(name: string): boolean {
  return MEASURES.some((row) => row.name === name && row.isLong);
}

/** The names that a flag lists; undefined without the flag. */
function pick<Name extends string>(
  flag: string,
  list: string | undefined,
  known: readonly Name[],
): Name[] | undefined {
  return list?.split(",").map((name) =>
    known.find((each) => each === name) ??
      fail(`Cannot take "${flag} ${name}": choose from ${known.join(",")}`)
  );
}

function fail(message: string): never {
  console.error(message);
  Deno.exit(2);
}

function json(all: readonly Row[]): string {
  const plain = all.map(({ title, figures }) => ({ title, ...Object.fromEntries(figures) }));
  return JSON.stringify(plain, undefined, 2);
}
