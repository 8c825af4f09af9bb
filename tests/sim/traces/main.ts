// deno-lint-ignore-file no-console -- a program speaks on its console
/** `deno task traces`: records the traces again, after a change of behaviour that is meant. */
import { differences, record, recorded, run } from "./recording.ts";
import { families } from "./scenarios.ts";

const digests = new Map(Object.keys(families).flatMap((family) => [...run(family)]));
const changed = differences(recorded(), digests);
record(digests);
for (const line of changed) console.log(line);
console.log(`${digests.size} traces, ${changed.length} of them changed`);
