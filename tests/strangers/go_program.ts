/** Programs of other implementations in Go, built from the modules below `go/`. */

import { linesOf } from "../netns/lines.ts";

const decoder = new TextDecoder();

function go(module: string, ...args: string[]): Deno.CommandOutput {
  const cwd = new URL(`go/${module}`, import.meta.url).pathname;
  // No other version of Go is fetched, and no file of the module is changed.
  const env = { GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" };
  return new Deno.Command("go", { args, cwd, env, stdout: "piped", stderr: "piped" }).outputSync();
}

/** Why the program of a module cannot be had here, if it cannot. */
export function whyNoGo(module: string): string | undefined {
  try {
    const { success, stderr } = go(module, "mod", "download");
    return success ? undefined : decoder.decode(stderr).trim().split("\n").at(-1)!;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "go is missing";
    throw error;
  }
}

/** A program that runs and prints lines of JSON. */
export class GoProgram implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;
  readonly #errors: Promise<string>;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#lines = linesOf(process.stdout);
    this.#errors = new Response(process.stderr).text();
  }

  /** Builds the program of a module in a folder; returns what starts it. */
  static build(module: string, folder: string): (...args: string[]) => GoProgram {
    const path = `${folder}/${module}`;
    const { success, stderr } = go(module, "build", "-o", path, ".");
    if (!success) throw new Error(`Cannot build ${module}: ${decoder.decode(stderr)}`);
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    return (...args) => new GoProgram(new Deno.Command(path, { args, ...pipes }).spawn());
  }

  /** What it says next. */
  async next<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (!done) return JSON.parse(value);
    throw new Error(`The program has ended: ${await this.#errors}`);
  }

  /** Ends it: servers go with their input. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close();
    await this.#lines.return(undefined);
    await Promise.all([this.#process.status, this.#errors]);
  }
}
