/** A program in a process of its own that says on its standard output, line by line, what it does. */
export class SpokenProcess implements AsyncDisposable {
  /** Everything that it has printed on standard output. */
  text = "";
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #errors: Promise<string>;
  readonly #reading: Promise<void>;
  readonly #listeners = new Set<(line: string) => void>();
  #hasEnded = false;

  /**
   * Starts a program.
   *
   * @param url The module to run.
   * @param args What stands behind it on the command line.
   */
  constructor(url: URL, args: readonly string[]) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", url.href, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#input.closed.catch(() => {});
    this.#errors = new Response(this.#process.stderr).text();
    this.#reading = this.#read();
    this.#process.status.then(() => this.#hasEnded = true);
  }

  /** Its number in the system. */
  get id(): number {
    return this.#process.pid;
  }

  /** Hears every line, also those that have come. */
  onLine(listener: (line: string) => void): void {
    this.text.split("\n").slice(0, -1).forEach(listener);
    this.#listeners.add(listener);
  }

  /** Waits for the first line behind so many characters of `text`. */
  async next(known: number, milliseconds: number): Promise<string> {
    let length = 0;
    const [line] = await this.line(/^.*$/, milliseconds, (line) => {
      length += line.length + 1;
      return length > known;
    });
    return line;
  }

  /** Waits for a line that fits; rejects if the program ends before or takes too long. */
  async line(
    pattern: RegExp,
    milliseconds: number,
    isWanted: (line: string) => boolean = () => true,
  ): Promise<RegExpExecArray> {
    const found = Promise.withResolvers<RegExpExecArray>();
    const listener = (line: string) => {
      const match = isWanted(line) ? pattern.exec(line) : null;
      if (match) found.resolve(match);
    };
    this.onLine(listener);
    const timer = setTimeout(
      () => found.reject(new Error(`no line ${pattern} came`)),
      milliseconds,
    );
    const ended = this.#failure();
    ended.catch(() => {});
    try {
      return await Promise.race([found.promise, ended]);
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(listener);
    }
  }

  /** Writes a line to its standard input; rejects if the program has ended. */
  async tell(line: string): Promise<void> {
    try {
      await this.#input.write(new TextEncoder().encode(`${line}\n`));
    } catch {
      await this.#failure();
    }
  }

  /** Tells it to stop, by the end of its standard input, and waits until it has. */
  async finish(milliseconds: number): Promise<{ code: number; errors: string }> {
    await this.#input.close().catch(() => {});
    return await this.#end(milliseconds);
  }

  /** Ends it at once: after an attack no peer is left to say goodbye to. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.#process.kill("SIGKILL");
    await this.#input.close().catch(() => {});
    await this.#end(8_000);
  }

  /** Rejects when the program ends, with what it said of it. */
  async #failure(): Promise<never> {
    const { code } = await this.#process.status;
    await this.#reading;
    throw new Error(`the program ended with status ${code}: ${await this.#errors}`);
  }

  async #end(milliseconds: number): Promise<{ code: number; errors: string }> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), milliseconds);
    const { code } = await this.#process.status;
    clearTimeout(timer);
    await this.#reading;
    return { code, errors: await this.#errors };
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const piece of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      this.text += piece;
      const lines = (rest + piece).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#listeners.forEach((listener) => listener(line));
    }
  }
}
