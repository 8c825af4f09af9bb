/** Whether there is a terminal to test in. */
export function hasTmux(): boolean {
  try {
    return new Deno.Command("tmux", { args: ["-V"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

/** A real terminal with a shell in it, of tmux. */
export class Terminal implements AsyncDisposable {
  /** What the shell says when it waits for a command. */
  static readonly PROMPT = "ready$";
  readonly #socket = `mpquic-${crypto.randomUUID()}`;

  /**
   * Opens a terminal.
   *
   * @param columns Its width.
   * @param rows Its height.
   */
  static async open(columns: number, rows: number): Promise<Terminal> {
    const terminal = new Terminal();
    const size = ["-x", `${columns}`, "-y", `${rows}`];
    const shell = ["env", `PS1=${Terminal.PROMPT} `, "ENV=", "sh"];
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", ...size, ...shell);
    await terminal.until((lines) => lines.at(-1) === Terminal.PROMPT);
    return terminal;
  }

  /** Types a command. */
  async type(command: string): Promise<void> {
    await this.#tmux("send-keys", "-l", command);
    await this.press("Enter");
  }

  /** Presses a key, such as `C-c`. */
  async press(key: string): Promise<void> {
    await this.#tmux("send-keys", key);
  }

  /** Changes its size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`);
  }

  /** What it shows, line by line, without the empty ones at the end. */
  async lines(): Promise<string[]> {
    const text = await this.#tmux("capture-pane", "-p");
    return text.replace(/\n+$/, "").split("\n").map((line) => line.trimEnd());
  }

  /** Whether the cursor is shown, and in which column it is. */
  async cursor(): Promise<{ isShown: boolean; column: number }> {
    const text = await this.#tmux("display-message", "-p", "#{cursor_flag} #{cursor_x}");
    const [flag, column] = text.trim().split(" ").map(Number);
    return { isShown: flag === 1, column: column! };
  }

  /** Waits until it shows something. */
  async until(isThere: (lines: string[]) => boolean, milliseconds = 20_000): Promise<string[]> {
    const deadline = performance.now() + milliseconds;
    for (;;) {
      const lines = await this.lines();
      if (isThere(lines)) return lines;
      if (performance.now() > deadline) throw new Error(`the terminal shows:\n${lines.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Closes it, and ends what runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
  }

  async #tmux(...args: string[]): Promise<string> {
    const command = new Deno.Command("tmux", {
      args: ["-L", this.#socket, ...args],
      env: { TERM: "xterm-256color" },
      stdout: "piped",
      stderr: "piped",
    });
    const { success, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    if (success) return decoder.decode(stdout);
    throw new Error(`Cannot run tmux ${args[0]}: ${decoder.decode(stderr).trim()}`);
  }
}
