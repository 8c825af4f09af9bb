/**
 * Runs of tests with the runtime's runner. Files whose tests fail beside others run again by
 * themselves, since a busy machine delays timers and programs for seconds; what fails by itself,
 * too, has failed.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { NOTES, readNotes } from "./notes.ts";
import { type Outcome, readOutcomes } from "./outcome.ts";
import { unloadableFiles } from "./unloadable.ts";

/** More files than these are no bad luck, and do not run again. */
const MOST_FILES = 12;

const encoder = new TextEncoder();

/** How the runner ended. */
export interface RunResult {
  readonly succeeded: boolean;
  readonly outcomes: readonly Outcome[];
  /** Files that threw outside their tests, such as those that could not be loaded. */
  readonly uncaught: readonly string[];
}

/** Runs tests, and keeps what came of them in a folder of its own until it is disposed of. */
export class Runner implements AsyncDisposable {
  readonly #root: string;
  readonly #folder: string;
  readonly #flags: readonly string[];
  readonly #print: (text: string) => void;
  #runs = 0;

  private constructor(
    root: string,
    folder: string,
    flags: readonly string[],
    print: (text: string) => void,
  ) {
    this.#root = root;
    this.#folder = folder;
    this.#flags = flags;
    this.#print = print;
  }

  /**
   * @param root The folder from which tests are run.
   * @param flags What all runs have, such as a module to load before.
   * @param print Takes what there is to read.
   */
  static async open(
    root: string,
    flags: readonly string[],
    print = (text: string): void => void Deno.stdout.writeSync(encoder.encode(text)),
  ): Promise<Runner> {
    const folder = await Deno.makeTempDir({ prefix: "mpquic-tests-" });
    return new Runner(root, folder, flags, print);
  }

  /**
   * Runs tests, and files that had failures once more, each test of them after the other.
   *
   * @param which Files, folders and further flags.
   */
  async run(which: readonly string[]): Promise<RunResult> {
    const first = await this.#once(which);
    const files = failedFiles(first);
    if (first.succeeded || files.length === 0 || files.length > MOST_FILES) return first;
    this.#print(`\nOnce more, by themselves: ${files.join(" ")}\n\n`);
    const again = await this.#once(files);
    const outcomes = [
      ...first.outcomes.filter(({ file }) => !files.includes(file)),
      ...again.outcomes,
    ];
    for (const { file, name } of first.outcomes.filter(isFailed)) {
      if (outcomes.some((one) => one.file === file && one.name === name && !isFailed(one))) {
        this.#print(`failed beside others, passed by itself: ${file} "${name}"\n`);
      }
    }
    return { succeeded: again.succeeded, outcomes, uncaught: again.uncaught };
  }

  /** What tests have noted in all runs. */
  notes(): string[] {
    return readNotes(join(this.#folder, "notes"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** @throws {Error} If no test has run, and no file is to blame. */
  async #once(which: readonly string[]): Promise<RunResult> {
    const result = await this.#attempt(which);
    if (result !== undefined) return result;
    const files = await unloadableFiles(this.#root, which, this.#folder);
    for (const file of files) this.#print(`${file} cannot be loaded\n`);
    if (files.length === 0) throw new Error("No test has run: the runner says why above");
    const others = which.filter((one) => !files.includes(one));
    // A run of files that are all broken must not become one of all files.
    const isNone = which.some(isPath) && !others.some(isPath);
    const rest = isNone
      ? undefined
      : await this.#attempt([...others, `--ignore=${files.join()}`, "--permit-no-files"]);
    const { outcomes = [], uncaught = [] } = rest ?? {};
    return { succeeded: false, outcomes, uncaught: [...files, ...uncaught] };
  }

  /** Undefined if the runner ended before the first test. */
  async #attempt(which: readonly string[]): Promise<RunResult | undefined> {
    const results = join(this.#folder, `${this.#runs++}.xml`);
    const runner = new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", ...this.#flags, `--junit-path=${results}`, ...which],
      cwd: this.#root,
      env: { [NOTES]: join(this.#folder, "notes") },
      stdout: "piped",
    }).spawn();
    const uncaught = new Set<string>();
    const text = runner.stdout.pipeThrough(new TextDecoderStream());
    let line = "";
    for await (const piece of text) {
      this.#print(piece);
      const lines = (line + piece).split("\n");
      line = lines.pop()!;
      for (const one of lines.map(stripVTControlCharacters)) {
        const [, file] = /^(\.\/\S+) \(uncaught error\)/.exec(one) ?? [];
        if (file !== undefined) uncaught.add(file);
      }
    }
    const { success } = await runner.status;
    if (!existsSync(results)) return undefined;
    const outcomes = readOutcomes(await Deno.readTextFile(results));
    return { succeeded: success, outcomes, uncaught: [...uncaught] };
  }
}

/**
 * The line at the end: how many tests, without their steps, have ended in which way. A file that
 * threw outside its tests counts as a failed test: its tests may not have been found at all.
 */
export function countLine(results: readonly Omit<RunResult, "succeeded">[]): string {
  const outcomes = results.flatMap((one) => one.outcomes);
  const count = (ending: string) =>
    outcomes.filter((one) => !one.isStep && one.ending === ending).length;
  const failed = count("failed") + results.flatMap(({ uncaught }) => uncaught).length;
  return `${count("passed")} passed, ${failed} failed, ${count("skipped")} skipped`;
}

function failedFiles({ outcomes, uncaught }: RunResult): string[] {
  return [...new Set([...outcomes.filter(isFailed).map(({ file }) => file), ...uncaught])];
}

function isFailed({ ending }: Outcome): boolean {
  return ending === "failed";
}

function isPath(argument: string): boolean {
  return !argument.startsWith("-");
}
