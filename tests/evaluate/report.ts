import { OURS, reaches, type Row } from "./row.ts";

/** All rows as Markdown, one table per scenario. */
export function markdown(rows: readonly Row[]): string {
  const parts = ["# Evaluation", "", INTRODUCTION, ""];
  for (const scenario of new Set(rows.map((row) => row.scenario))) {
    parts.push(`## ${scenario}`, "");
    parts.push(...table(rows.filter((row) => row.scenario === scenario)), "");
  }
  return parts.join("\n");
}

const INTRODUCTION = "Virtual time, seeded and repeatable: `deno task evaluate`. Times include " +
  "the handshake; MiB is 2^20 bytes; queues hold one bandwidth-delay product unless said. `B0` is " +
  "what rates and round trips allow; `Bw` is what a perfect implementation without loss would " +
  "reach, slow start included; from T10 to T13, which have the paper's receive window of 16 MiB, it is " +
  "what our own single paths would bring side by side, each begun when the joint connection lets " +
  "it. The default scheduler is " +
  `\`${OURS}\`; the other columns show what ` +
  "each of the others would have reached. The thesis is that of the 2018 `mp-quic`, whose " +
  "handshake took a round trip more than ours: fair comparisons are the speed-up over the own " +
  "first path alone, and the time since the request.";

function table(rows: readonly Row[]): string[] {
  const policies = [...new Set(rows.flatMap((row) => [...row.results.keys()]))];
  const columns: [head: string, cell: (row: Row) => string][] = [
    ["case", (row) => row.name],
    ...policies.map((policy) =>
      [policy, (row: Row) => show(row, row.results.get(policy))] as [string, (row: Row) => string]
    ),
    ["speed-up", (row) => row.alone === undefined ? "" : (row.alone / ours(row)).toFixed(2)],
    ["since the request", (row) => row.handshake ? show(row, ours(row) - row.handshake) : ""],
    ["B0", (row) => show(row, row.floor)],
    ["Bw", (row) => show(row, row.bound)],
    ["target", targetOf],
    ["thesis", (row) => show(row, row.thesis)],
    ["MPTCP", (row) => show(row, row.mptcp)],
    ["published", (row) => row.published ?? ""],
  ];
  // A column that says nothing of any row is left out.
  const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== ""));
  const lines = [used.map(([head]) => head), used.map(() => "---")];
  for (const row of rows) lines.push(used.map(([, cell]) => cell(row)));
  return lines.map((cells) => `| ${cells.join(" | ")} |`);
}

function ours(row: Row): number {
  return row.results.get(OURS)!;
}

function targetOf(row: Row): string {
  if (row.target === undefined) return "";
  return `${row.atLeast ? "≥" : "≤"} ${show(row, row.target)} ${reaches(row) ? "✓" : "✗"}`;
}

function show({ unit }: Row, value: number | undefined): string {
  if (value === undefined) return "";
  if (unit === "ms") return value.toFixed(0);
  return value.toFixed(value >= 10 ? 2 : 3);
}
