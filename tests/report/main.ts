// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * `deno task test`: runs all tests, those that need the machine for themselves by themselves, and
 * then says of each requirement whether its tests have passed in these very runs. Arguments go to
 * the runner; with a filter, requirements are missed.
 */
import { fileURLToPath } from "node:url";
import { attacks } from "../requirements/attacks.ts";
import { flags } from "../requirements/flags.ts";
import { multipath } from "../requirements/multipath.ts";
import { scenarios } from "../requirements/scenarios.ts";
import { skips } from "../requirements/skips.ts";
import { judge } from "./judge.ts";
import type { Outcome } from "./outcome.ts";
import { countLine, Runner, type RunResult } from "./runner.ts";

const FAMILIES = [attacks, multipath, scenarios, flags];
const ALONE = ["tests/attack", "tests/netns"];
const RUNS = [["--parallel", `--ignore=${ALONE.join()}`], ALONE];

const assertions = new URL("./assertions.ts", import.meta.url).href;
const root = fileURLToPath(new URL("../../", import.meta.url));
const outcomes: Outcome[] = [];
const results: RunResult[] = [];
{
  await using runner = await Runner.open(root, [`--preload=${assertions}`]);
  for (const which of RUNS) {
    results.push(await runner.run([...which, ...Deno.args]));
  }
  console.log(countLine(results));
  outcomes.push(...results.flatMap((one) => one.outcomes));
  outcomes.push(...runner.notes().map(outcomeOf));
}
const { lines, faults } = judge(outcomes, FAMILIES, skips);
for (const line of lines) console.log(line);
if (faults.length > 0) console.log(`Of the requirements and skips, ${faults.length} are wrong`);
const succeeded = results.every((one) => one.succeeded);
Deno.exit(succeeded && faults.length === 0 ? 0 : 1);

/** A test that took a note has passed, or the run has failed. */
function outcomeOf(tag: string): Outcome {
  return { file: "a note", name: `[${tag}]`, isStep: false, ending: "passed" };
}
