// deno-lint-ignore-file no-console -- a program speaks on its console
/**
 * `deno task test`: runs all tests, those that need the machine for themselves by themselves, and
 * then says of each requirement whether its tests have passed in these very runs. Arguments go to
 * the runner; with a filter, requirements are missed.
 */
import { attacks } from "../requirements/attacks.ts";
import { multipath } from "../requirements/multipath.ts";
import { scenarios } from "../requirements/scenarios.ts";
import { skips } from "../requirements/skips.ts";
import { judge } from "./judge.ts";
import { type Outcome, readOutcomes } from "./outcome.ts";

const ALONE = ["tests/attack", "tests/netns"];
const RUNS = [["--parallel", `--ignore=${ALONE.join()}`], ALONE];

const root = new URL("../../", import.meta.url);
const assertions = new URL("./assertions.ts", import.meta.url).href;
const folder = await Deno.makeTempDir({ prefix: "mpquic-tests-" });
const outcomes: Outcome[] = [];
let succeeded = true;
try {
  for (const [i, flags] of RUNS.entries()) {
    const results = `${folder}/${i}.xml`;
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        `--preload=${assertions}`,
        `--junit-path=${results}`,
        ...flags,
        ...Deno.args,
      ],
      cwd: root,
    }).spawn().status;
    succeeded &&= success;
    outcomes.push(...readOutcomes(await Deno.readTextFile(results)));
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

const { lines, faults } = judge(outcomes, [attacks, multipath, scenarios], skips);
for (const line of lines) console.log(line);
if (faults.length > 0) console.log(`Of the requirements and skips, ${faults.length} are wrong`);
Deno.exit(succeeded && faults.length === 0 ? 0 : 1);
