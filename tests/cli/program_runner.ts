import assert from "node:assert/strict";
import { clientProgram } from "../../cli/client/client_options.ts";
import { serverProgram } from "../../cli/server/server_options.ts";
import { getProgram } from "../../cli/get/get_program.ts";
import { exactly } from "../permissions/permission_line.ts";
import { note } from "../report/notes.ts";

/** What a program left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the programs of `cli/` to its end; with "main" the command comes first. */
export async function run(
  program: "client" | "server" | "main",
  ...args: string[]
): Promise<Outcome> {
  const ready = program === "main" ? mainCommand(args) : command(program, args);
  const { code, stdout, stderr } = await ready.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What the help says needs a permission that the first line of a program does not have. */
const WRITING = ["--allow-upload", "--access-log", "--qlog", "--key-log"];

const flags = { client: clientProgram.flags, server: serverProgram.flags };

/** Notes which flags a program is given, for the report: each must be tried by some test. */
function noteFlags(program: "client" | "server", args: readonly string[]): void {
  for (const arg of args) {
    const word = /^--?([^=]+)/.exec(arg)?.[1];
    const flag = flags[program].find(({ name, short }) => word === name || word === short);
    if (flag) note(`flag ${program} --${flag.name}`);
  }
}

/** Starts `mpquic`, with the permissions of its first line. */
export function mainCommand(
  args: readonly string[],
  stdin: "null" | "piped" = "null",
  cwd: string | undefined = undefined,
): Deno.Command {
  if (args[0] === "get") {
    for (const arg of args.slice(1)) {
      for (const { name, short } of getProgram.flags) {
        if (isFlag(arg, name, short)) note(`flag ${getProgram.name} --${name}`);
      }
    }
  }
  return new Deno.Command(Deno.execPath(), {
    ...exactly("cli/main.ts", args),
    ...cwd !== undefined && { cwd },
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Whether a word is a flag; letters of curl may be bundled, a value behind them. */
function isFlag(word: string, name: string, short: string | undefined): boolean {
  if (word.startsWith("--")) return word.slice(2).replace(/=.*$/s, "") === name;
  return short !== undefined && /^-[^-]/.test(word) && word.slice(1).startsWith(short);
}

/** Starts one of the programs of `cli/`, with the permissions of its first line. */
export function command(
  program: "client" | "server",
  args: readonly string[],
  stdin: "null" | "piped" = "null",
): Deno.Command {
  noteFlags(program, args);
  const more = args.some((arg) => WRITING.includes(arg)) ? ["--allow-write"] : [];
  return new Deno.Command(Deno.execPath(), {
    ...exactly(`cli/${program}.ts`, args, more),
    stdin,
    stdout: "piped",
    stderr: "piped",
  });
}

/** Fails unless the program ended with one sentence, an exit code, and no stack trace. */
export function assertSentence(outcome: Outcome, code: number, pattern: RegExp): void {
  assert.equal(outcome.code, code, outcome.stderr);
  // On a busy machine a line of progress may come first.
  const lines = outcome.stderr.trimEnd().split("\n").filter((line) => !/^\d+\.\d s /.test(line));
  assert.equal(lines.length, 1, outcome.stderr);
  assert.match(lines[0]!, /^(client|server|mpquic): Cannot /);
  assert.match(lines[0]!, pattern);
  assert.doesNotMatch(outcome.stderr, /\bat (file|async|ext):|\.ts:\d/);
}

/** A server that runs until it is disposed of. */
export class RunningServer implements AsyncDisposable {
  /** The port it said it listens on. */
  readonly port: number;
  readonly #process: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #text: string;

  private constructor(process: Deno.ChildProcess, port: number, text: string, rest: Reader) {
    this.#process = process;
    this.port = port;
    this.#text = text;
    this.#reading = this.#read(rest);
  }

  /** Starts a server and waits until it listens. */
  static start(...args: string[]): Promise<RunningServer> {
    return RunningServer.of(command("server", args));
  }

  /** Starts a server by a command of the caller's. */
  static async of(command: Deno.Command): Promise<RunningServer> {
    const process = command.spawn();
    const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the server ended: ${await new Response(process.stderr).text()}`);
      text += value;
      const port = /Listening on \S+:(\d+) .*\n/.exec(text)?.[1];
      if (port) return new RunningServer(process, Number(port), text, reader);
    }
  }

  /** The ID of its process. */
  get pid(): number {
    return this.#process.pid;
  }

  /** What it has printed so far. */
  get text(): string {
    return this.#text;
  }

  /** Ends it politely. */
  async stop(): Promise<Outcome> {
    this.#process.kill("SIGINT");
    const [stderr, { code }] = await Promise.all([
      new Response(this.#process.stderr).text(),
      this.#process.status,
      this.#reading,
    ]);
    return { code, stdout: this.#text, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { code, stderr } = await this.stop();
    assert.equal(stderr, "");
    assert.equal(code, 0);
  }

  async #read(reader: Reader): Promise<void> {
    for (let piece; !(piece = await reader.read()).done;) this.#text += piece.value;
  }
}

type Reader = ReadableStreamDefaultReader<string>;
