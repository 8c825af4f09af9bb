// A file to which records are added in the background.

import { RecordQueue } from "../qlog/record_queue.ts";
import type { QlogSink } from "../qlog/writer.ts";

/** Milliseconds that records are gathered before they are written together. */
const GATHERING_TIME = 50;

const utf8 = new TextEncoder();

/** Hears why a log cannot go on. It must not throw. */
export type LogErrorListener = (error: unknown) => void;

/** A file to which records are added in the background; when that is too slow, some are lost. */
export class LogFile implements QlogSink {
  readonly #file: Deno.FsFile;
  readonly #queue: RecordQueue;
  /** What is being written, and where in the file. */
  #writing: Uint8Array = new Uint8Array(0);
  #position = 0;
  #isBusy = false;
  #isDone = false;
  readonly #onUnload = () => this.#finishNow();
  readonly #onError: LogErrorListener;

  /** @param onError Hears why the file takes no more. */
  constructor(file: Deno.FsFile, onError: LogErrorListener = () => {}) {
    this.#file = file;
    this.#onError = onError;
    this.#queue = new RecordQueue(() => this.#schedule());
    globalThis.addEventListener("unload", this.#onUnload);
  }

  write(record: string): boolean {
    return this.#queue.write(record);
  }

  close(): void {
    this.#queue.close();
  }

  #schedule(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const wait = this.#queue.isClosed ? 0 : GATHERING_TIME;
    setTimeout(() => this.#drain(), wait);
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#writeAll(utf8.encode(this.#queue.take()));
    } catch (error) {
      // A full disk, say: a log is no reason for a connection to fail.
      this.#queue.close();
      this.#onError(error);
    }
    this.#isBusy = false;
    if (this.#queue.isClosed) this.#end();
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    this.#writing = bytes;
    for (let at = 0; at < bytes.length;) at += await this.#file.write(bytes.subarray(at));
    this.#position += bytes.length;
    this.#writing = new Uint8Array(0);
  }

  /** The process ends: what waits is written while there is time, also what is under way. */
  #finishNow(): void {
    if (this.#isDone) return;
    try {
      this.#file.seekSync(this.#position, Deno.SeekMode.Start);
      for (const bytes of [this.#writing, utf8.encode(this.#queue.take())]) {
        for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
      }
    } catch (error) {
      // The same: the log ends a little early.
      this.#onError(error);
    }
    this.#queue.close();
    this.#end();
  }

  #end(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    globalThis.removeEventListener("unload", this.#onUnload);
    this.#file.close();
  }
}

/** Makes a directory if it is not there; throws if no file could be made in it. */
export function prepareLogDirectory(directory: string): void {
  Deno.mkdirSync(directory, { recursive: true });
  Deno.removeSync(Deno.makeTempFileSync({ dir: directory, prefix: ".qlog-" }));
}

/**
 * Opens a file in a directory, which is made if it is not there.
 *
 * @param onError Hears why it cannot be opened, or takes no more.
 * @returns Nothing if we may not write there, or cannot. Never prompts.
 */
export function openLogFile(
  directory: string,
  name: string,
  onError: LogErrorListener = () => {},
): LogFile | undefined {
  const granted = Deno.permissions.querySync({ name: "write", path: directory });
  if (granted.state !== "granted") return undefined;
  try {
    Deno.mkdirSync(directory, { recursive: true });
    const path = `${directory}/${name}`;
    const file = Deno.openSync(path, { write: true, create: true, truncate: true, mode: 0o600 });
    return new LogFile(file, onError);
  } catch (error) {
    onError(error);
    return undefined;
  }
}
