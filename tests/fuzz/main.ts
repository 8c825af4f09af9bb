import fc from "fast-check";
import { connectionTargets } from "./connection_targets.ts";
import { frameTargets } from "./frame_targets.ts";
import { httpTargets } from "./http_targets.ts";
import { nativeTargets } from "./native_targets.ts";
import { packetTargets } from "./packet_targets.ts";
import type { Target } from "./target.ts";

/*
 * `deno task fuzz [words of a target's name]` tries all targets in turn, with a new seed in every
 * round, until it is stopped or something fails. `FUZZ_SEED=17` begins with that seed.
 */
const words = Deno.args.join(" ").toLowerCase();
const every: readonly Target[] = [
  ...connectionTargets,
  ...packetTargets,
  ...frameTargets,
  ...httpTargets,
  ...nativeTargets,
];
const targets = every.filter(({ name }) => name.toLowerCase().includes(words));
if (targets.length === 0) {
  write(`No target is called "${words}"\n`);
  Deno.exit(2);
}
const first = Number(Deno.env.get("FUZZ_SEED") ?? Date.now() % 1_000_000_000);
let tries = 0;
for (let seed = first;; seed++) {
  for (const target of targets) {
    const result = await fc.check(target.property, { seed, numRuns: target.runs });
    tries += result.numRuns;
    if (!result.failed) continue;
    write(`\n${target.name}\nFUZZ_SEED=${seed}\n${fc.defaultReportMessage(result) ?? ""}\n`);
    Deno.exit(1);
  }
  write(`seed ${seed}: ${tries} tries so far\n`);
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}
