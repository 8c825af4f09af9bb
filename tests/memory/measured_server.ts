import { SpokenProcess } from "../attack/spoken_process.ts";

/** What is served: bare streams, HTTP/3, or bare streams by the runtime's own QUIC. */
export type ServerKind = "plain" | "http3" | "runtime";

/** What a server process holds, in bytes. */
export interface Usage {
  /** Pages of the process that are in memory. */
  readonly rss: number;
  /** Objects, garbage included. */
  readonly heap: number;
  /** Contents of buffers. */
  readonly external: number;
}

/** Milliseconds that a thousand connections may take to open, and to move bytes. */
const PATIENCE = 600_000;

/** A server process whose memory can be measured, and the client processes that it serves. */
export class MeasuredServer implements AsyncDisposable {
  readonly #kind: ServerKind;
  readonly #process: SpokenProcess;
  readonly #port: string;

  private constructor(kind: ServerKind, process: SpokenProcess, port: string) {
    this.#kind = kind;
    this.#process = process;
    this.#port = port;
  }

  /** Starts the process and waits until it listens. */
  static async start(kind: ServerKind): Promise<MeasuredServer> {
    const process = new SpokenProcess(new URL("server.ts", import.meta.url), [kind]);
    return new MeasuredServer(kind, process, await process.next(0, PATIENCE));
  }

  /** What it holds now, garbage and all. */
  measure(): Promise<Usage> {
    return this.#ask("measure");
  }

  /** What it holds when garbage has been collected. */
  collect(): Promise<Usage> {
    return this.#ask("collect");
  }

  /** Leaves a heap snapshot in a file, and says what is held after it. */
  snapshot(path: string): Promise<Usage> {
    return this.#ask(`snapshot ${path}`);
  }

  /** Opens connections that make one request each, and stay idle until the result is disposed of. */
  async hold(count: number): Promise<AsyncDisposable> {
    const client = this.#client("hold", count, 0);
    await client.line(/^done$/, PATIENCE);
    return { [Symbol.asyncDispose]: async () => void await client.finish(PATIENCE) };
  }

  /** Moves so many bytes in all over so many connections at once, then closes these. */
  async load(count: number, bytes: number): Promise<void> {
    const client = this.#client("load", count, bytes);
    await client.line(/^done$/, PATIENCE);
    await client.finish(PATIENCE);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  #client(job: string, count: number, bytes: number): SpokenProcess {
    const args = [job, this.#kind, this.#port, String(count), String(bytes)];
    return new SpokenProcess(new URL("client.ts", import.meta.url), args);
  }

  async #ask(wish: string): Promise<Usage> {
    const known = this.#process.text.length;
    await this.#process.tell(wish);
    return JSON.parse(await this.#process.next(known, PATIENCE));
  }
}
