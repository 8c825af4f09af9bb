import { linesOf } from "./lines.ts";

/** A program of this folder that runs in a namespace and speaks in lines. */
export class Helper implements AsyncDisposable {
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #lines: AsyncGenerator<string>;

  private constructor(name: string, process: Deno.ChildProcess) {
    this.#name = name;
    this.#process = process;
    this.#writer = process.stdin.getWriter();
    this.#lines = linesOf(process.stdout);
  }

  /**
   * Starts a program and waits for its first line.
   *
   * @param namespace Where it is to run.
   * @param file The program, in this folder.
   * @param args What it is told.
   * @param nice How much others go before it.
   */
  static async start(
    namespace: string,
    file: string,
    args: readonly string[],
    nice = 0,
  ): Promise<Helper> {
    const path = new URL(file, import.meta.url).pathname;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const run = [Deno.execPath(), "run", "-A", "--no-check", "--config", config, path, ...args];
    const process = new Deno.Command("ip", {
      args: ["netns", "exec", namespace, "nice", "-n", `${nice}`, ...run],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const helper = new Helper(file, process);
    await helper.next();
    return helper;
  }

  /** The next line. */
  async next(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`Cannot hear ${this.#name}: it has ended`);
    return value;
  }

  /** Tells it something. */
  async tell(value: unknown): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
  }

  /** Ends the program at once, without a word to anyone. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.status;
  }

  /** Ends its input, and with it the program. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close().catch(() => {}); // it may have ended by itself
    await this.#lines.return(undefined);
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), 2_000);
    await this.#process.status; // at once if it was killed
    clearTimeout(timer);
  }
}
