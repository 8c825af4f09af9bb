import type { QlogFactory } from "../../src/qlog/qlog.ts";
import { logTo } from "../../src/sim/qlog_listener.ts";

/** Records kept for a test that may fail: the last ones are of most use. */
const MAX_RECORDS = 200_000;

/** Where failing tests leave their traces; without it none are kept. */
const directory = Deno.env.get("SIM_QLOG") || undefined;

/** The traces of all worlds that the present test has made. */
const ofThisTest: Traces[] = [];

/** The traces of a world, kept until it is known whether they are wanted. */
export class Traces {
  readonly #traces = new Map<string, string[]>();

  /** A factory that keeps everything, or none if no trace is wanted. */
  get factory(): QlogFactory | undefined {
    if (directory === undefined) return undefined;
    if (!ofThisTest.includes(this)) ofThisTest.push(this);
    return logTo((record, role, id) => {
      const name = `${id}_${role}`;
      const records = this.#traces.get(name) ?? [];
      this.#traces.set(name, records);
      // The first record tells what the others are.
      if (records.length >= MAX_RECORDS) records.splice(1, MAX_RECORDS / 2);
      records.push(record);
    });
  }

  /** Writes one file for each trace. */
  leave(folder: string): void {
    Deno.mkdirSync(folder, { recursive: true });
    for (const [trace, records] of this.#traces) {
      Deno.writeTextFileSync(`${folder}/${trace}.sqlog`, records.join(""));
    }
  }
}

type Body = (context: Deno.TestContext) => void | Promise<void>;
type TestArguments =
  | [definition: Deno.TestDefinition]
  | [name: string, body: Body]
  | [name: string, options: Partial<Deno.TestDefinition>, body: Body];

/**
 * Runs the body of a test; if it fails, the traces of its connections are left in a folder of the
 * directory, and the error names it.
 */
async function runTraced(name: string, body: () => unknown): Promise<void> {
  ofThisTest.length = 0;
  try {
    await body();
  } catch (error) {
    if (ofThisTest.length === 0) throw error;
    const folder = `${directory}/${name.replace(/[^\w.-]+/g, "_").slice(0, 100)}`;
    for (const traces of ofThisTest) traces.leave(folder);
    throw new Error(`${(error as Error).message} (traces in ${folder})`, { cause: error });
  } finally {
    ofThisTest.length = 0;
  }
}

/** With `SIM_QLOG`, every test of a file that imports the simulator leaves traces if it fails. */
function traceAllTests(): void {
  const { test } = Deno;
  const traced = (...parts: TestArguments) => {
    const definition = definitionOf(parts);
    const { name, fn } = definition;
    test({ ...definition, fn: (context) => runTraced(name, () => fn(context)) });
  };
  Object.assign(traced, { ignore: test.ignore, only: test.only });
  Object.defineProperty(Deno, "test", { value: traced });
}

function definitionOf(parts: TestArguments): Deno.TestDefinition {
  if (parts.length === 1) return parts[0];
  const [name, second] = parts;
  return parts.length === 2
    ? { name, fn: second as Body }
    : { ...second as Partial<Deno.TestDefinition>, name, fn: parts[2] };
}

if (directory !== undefined) traceAllTests();
