/** Outcomes of tests, as the runner has written them down. */

/** How a test ended. */
export type Ending = "passed" | "failed" | "skipped";

/** What became of one test, or of one step of it. */
export interface Outcome {
  /** Its file, relative to where the runner was started. */
  readonly file: string;
  /** Its name; that of a step begins with the name of its test. */
  readonly name: string;
  /** Whether it is a step of another one. */
  readonly isStep: boolean;
  readonly ending: Ending;
}

/** One case in the runner's text; whatever else is in it is escaped. */
const CASE = /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  amp: "&",
};

/**
 * Reads what `deno test --junit-path` wrote.
 *
 * @param xml The text of that file.
 * @throws {Error} If it holds another number of cases than it says, or is no such text.
 */
export function readOutcomes(xml: string): Outcome[] {
  const announced = /<testsuites [^>]*\btests="(\d+)"/.exec(xml)?.[1];
  if (announced === undefined) throw new Error("Cannot read the results: this is no JUnit text");
  const names = new Map<string, string[]>();
  const outcomes = Array.from(xml.matchAll(CASE), ([, name, classname, content]): Outcome => {
    const [file, title] = [unescape(classname!), unescape(name!)];
    const before = names.get(file) ?? [];
    names.set(file, before);
    const isStep = before.some((test) => title.startsWith(`${test} > `));
    if (!isStep) before.push(title);
    return { file, name: title, isStep, ending: endingOf(content!) };
  });
  if (outcomes.length === Number(announced)) return outcomes;
  throw new Error(`Cannot read the results: ${outcomes.length} of ${announced} cases are there`);
}

function endingOf(content: string): Ending {
  if (/<(failure|error)\b/.test(content)) return "failed";
  return /<skipped\b/.test(content) ? "skipped" : "passed";
}

function unescape(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return ENTITIES[name] ?? whole;
  });
}
