#!/usr/bin/env -S deno run
// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * A scheduler experiment over three links, in virtual time: which scheduler moves 1 MB fastest, and
 * over which links?
 */
import { schedulers } from "../mod.ts";
import { linkOf, measure } from "../src/sim/mod.ts";

const links = [linkOf(8, 30), linkOf(6, 60, { loss: 0.002 }), linkOf(2, 200)];
const seeds = Array.from({ length: 5 }, (_, i) => i + 1);
const results = schedulers
  .map(({ name, scheduler }) => ({
    name,
    ...measure({ links, bytes: 1_000_000, scheduler, seeds }),
  }))
  .sort((a, b) => a.median - b.median);

const slowest = results.at(-1)!.median;
console.log(
  "1 MB over 8, 6 and 2 Mbit/s; median and worst of five runs, and shares of the links",
);
for (const { name, median, worst, bytesByLink } of results) {
  const bar = "█".repeat(Math.round(40 * median / slowest)).padEnd(40);
  const sum = bytesByLink.reduce((a, b) => a + b);
  const shares = bytesByLink.map((bytes) => `${Math.round(100 * bytes / sum)} %`).join(", ");
  console.log(
    `${name.padEnd(19)}${bar}${median.toFixed(0).padStart(5)} ms, ${worst.toFixed(0)} (${shares})`,
  );
}
