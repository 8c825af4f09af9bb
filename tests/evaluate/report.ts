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
  "the handshake; MiB is 2^20 bytes; queues hold one bandwidth-delay product unless said. `Bw` is " +
  "what a perfect implementation without loss would reach, slow start included. The default " +
  `scheduler is \`${OURS}\`; the other columns show what each of the others would have reached.`;

function table(rows: readonly Row[]): string[] {
  const policies = [...new Set(rows.flatMap((row) => [...row.results.keys()]))];
  const head = ["case", ...policies, "Bw", "target", "published"];
  const lines = [head, head.map(() => "---")];
  for (const row of rows) {
    const results = policies.map((policy) => show(row, row.results.get(policy)));
    const target = row.target === undefined
      ? ""
      : `${row.atLeast ? "≥" : "≤"} ${show(row, row.target)} ${reaches(row) ? "✓" : "✗"}`;
    lines.push([row.name, ...results, show(row, row.bound), target, row.published ?? ""]);
  }
  return lines.map((cells) => `| ${cells.join(" | ")} |`);
}

function show({ unit }: Row, value: number | undefined): string {
  if (value === undefined) return "";
  if (unit === "ms") return value.toFixed(0);
  return value.toFixed(value >= 10 ? 2 : 3);
}
