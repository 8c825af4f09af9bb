// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * `deno task test`: runs all tests, those that need the machine for themselves by themselves, and
 * then says of each requirement whether its tests have passed in these very runs. Arguments go to
 * the runner; with a filter, requirements are missed.
 */
import { join } from "node:path";
import { attacks } from "../requirements/attacks.ts";
import { flags } from "../requirements/flags.ts";
import { multipath } from "../requirements/multipath.ts";
import { scenarios } from "../requirements/scenarios.ts";
import { skips } from "../requirements/skips.ts";
import { judge } from "./judge.ts";
import { NOTES, readNotes } from "./notes.ts";
import { type Outcome, readOutcomes } from "./outcome.ts";

const FAMILIES = [attacks, multipath, scenarios, flags];
const ALONE = ["tests/attack", "tests/netns"];
const RUNS = [["--parallel", `--ignore=${ALONE.join()}`], ALONE];

const assertions = new URL("./assertions.ts", import.meta.url).href;
const folder = await Deno.makeTempDir({ prefix: "mpquic-tests-" });
const outcomes: Outcome[] = [];
let succeeded = true;
try {
  for (const [i, which] of RUNS.entries()) {
    const results = join(folder, `${i}.xml`);
    succeeded = await run([`--junit-path=${results}`, ...which, ...Deno.args]) && succeeded;
    outcomes.push(...readOutcomes(await Deno.readTextFile(results)));
  }
  outcomes.push(...readNotes(join(folder, "notes")).map(outcomeOf));
} finally {
  await Deno.remove(folder, { recursive: true });
}
const { lines, faults } = judge(outcomes, FAMILIES, skips);
for (const line of lines) console.log(line);
if (faults.length > 0) console.log(`Of the requirements and skips, ${faults.length} are wrong`);
Deno.exit(succeeded && faults.length === 0 ? 0 : 1);

async function run(flags: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", `--preload=${assertions}`, ...flags],
    cwd: new URL("../../", import.meta.url),
    env: { [NOTES]: join(folder, "notes") },
  }).spawn().status;
  return success;
}

/** A test that took a note has passed, or the run has failed. */
function outcomeOf(tag: string): Outcome {
  return { file: "a note", name: `[${tag}]`, isStep: false, ending: "passed" };
}
