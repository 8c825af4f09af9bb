// A file whose name is known once the server has answered.

import type { Representation } from "../http/representation.ts";
import type { FileSink } from "./sink.ts";

/** Opens a file when its first bytes come, as the answer tells its name. */
export class LateFile implements FileSink {
  readonly kept = 0;
  readonly #open: () => Promise<FileSink>;
  #file: FileSink | undefined;

  /** @param open Opens it, by the name that is known by then. */
  constructor(open: () => Promise<FileSink>) {
    this.#open = open;
  }

  get length(): number {
    return this.#file?.length ?? 0;
  }

  get known(): Representation | undefined {
    return this.#file?.known;
  }

  get partPath(): string {
    return this.#opened.partPath;
  }

  tail(count: number): Promise<Uint8Array> {
    return this.#file?.tail(count) ?? Promise.resolve(new Uint8Array(0));
  }

  async restart(known: Representation): Promise<void> {
    this.#file ??= await this.#open();
    await this.#file.restart(known);
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.#opened.write(chunk);
  }

  async finish(): Promise<void> {
    await this.#opened.finish();
  }

  async distrust(): Promise<void> {
    await this.#opened.distrust();
  }

  close(): void {
    this.#file?.close();
  }

  get #opened(): FileSink {
    if (this.#file === undefined) throw new Error("Cannot use a file before its first bytes come");
    return this.#file;
  }
}
