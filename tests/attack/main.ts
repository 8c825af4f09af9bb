// deno-lint-ignore-file no-console -- a program speaks on its console
import { attacks } from "./attacks.ts";
import { ProcessMeter } from "./process_meter.ts";
import { FULL, runAttack, SHORT } from "./run_attack.ts";
import { Site } from "./site.ts";
import { heading, holds, tableRow } from "./table.ts";

/*
 * `deno task attack [--short] [words of a name or row]` attacks the programs over loopback, each in a
 * process of its own, with honest clients beside it. The exit code is 1 if a bound is missed.
 */

if (!ProcessMeter.works) {
  console.error("Cannot measure the memory of a process here: run it on Linux");
  Deno.exit(2);
}
const isShort = Deno.args.includes("--short");
const words = Deno.args.filter((word) => !word.startsWith("--")).join(" ");
let missed = 0;
console.log(heading);
for (const attack of attacks) {
  if (!`${attack.row} ${attack.name}`.includes(words)) continue;
  const size = isShort ? attack.short : attack.full;
  if (size === undefined) continue;
  await using site = await Site.make(size.entries);
  const result = await runAttack(attack, size, site, isShort ? SHORT : FULL);
  const bounds = attack.bounds(result);
  missed += bounds.filter((bound) => !holds(bound)).length;
  console.log(tableRow(attack, result, bounds));
  if (Deno.args.includes("--verbose")) console.log(result.tally, result.honest.failures[0] ?? "");
}
if (missed > 0) Deno.exitCode = 1;
