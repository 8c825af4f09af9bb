import type { StackName } from "./stack.ts";

/** What a load gives: how much per second, and how long one takes (ms) where that is known. */
export interface Outcome {
  readonly rate: number;
  readonly median?: number;
}

/** A server process of a stack, and client processes that put load on it. */
export class BenchServer implements AsyncDisposable {
  readonly #name: StackName;
  readonly #process: Deno.ChildProcess;
  readonly #port: string;

  private constructor(name: StackName, process: Deno.ChildProcess, port: string) {
    this.#name = name;
    this.#process = process;
    this.#port = port;
  }

  /** Starts the process and waits until it listens. */
  static async start(name: StackName): Promise<BenchServer> {
    const process = command("server.ts", [name], "piped").spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { value } = await reader.read();
      if (value === undefined) throw new Error(`Cannot measure: the server of ${name} ended`);
      text += value;
    }
    return new BenchServer(name, process, text.trim());
  }

  /** Runs a load once, in a client process of its own. */
  async run(load: string, amount: number): Promise<Outcome> {
    const args = [this.#name, this.#port, load, String(amount)];
    const { success, stdout } = await command("client.ts", args, "null").output();
    if (!success) throw new Error(`Cannot measure: the client of ${this.#name} failed`);
    return JSON.parse(new TextDecoder().decode(stdout));
  }

  /** Ends the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stdin.close();
    await this.#process.status;
  }
}

function command(file: string, args: string[], stdin: "piped" | "null"): Deno.Command {
  const path = new URL(file, import.meta.url).href;
  const options = ["run", "-A", "--unstable-net", "--no-check", path, ...args];
  return new Deno.Command(Deno.execPath(), {
    args: options,
    stdin,
    stdout: "piped",
    stderr: "inherit",
  });
}
