// deno-lint-ignore-file no-console -- a program speaks on its console
import { formatTable, type Row } from "../bench/table.ts";
import { idleCost } from "./idle.ts";
import { growthByLoad } from "./load.ts";
import type { ServerKind } from "./measured_server.ts";

/*
 * `deno task memory` measures what a server process holds for its peers: kB for each idle connection
 * that made one request ten seconds ago, and the size of the process 60 s after a large load as a
 * multiple of that after a small one. It takes some minutes. "Held" is without garbage.
 */

const KINDS: readonly ServerKind[] = ["runtime", "plain", "http3"];
const IDLE = 10_000;
const AFTER_LOAD = 60_000;

const rows: Row[] = [];
for (const count of [500, 2_000]) {
  const rss = new Map<string, number>();
  const held = new Map<string, number>();
  for (const kind of KINDS) {
    const cost = await idleCost(kind, count, IDLE);
    rss.set(kind, cost.rss / 1_000);
    held.set(kind, cost.held / 1_000);
  }
  rows.push({ title: `kB for each of ${count} idle connections`, digits: 0, figures: rss });
  rows.push({ title: "  of these held", digits: 0, figures: held });
}
const growth = new Map<string, number>();
for (const kind of KINDS) growth.set(kind, await growthByLoad(kind, AFTER_LOAD));
rows.push({ title: "size after 100 MB over 200 connections", digits: 2, figures: growth });
console.log(formatTable(KINDS, rows));
