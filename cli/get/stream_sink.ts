// A stream as a place for the bytes of a download, such as standard output.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { whyNot } from "../console/why_not.ts";
import { writeAll } from "../console/write_all.ts";
import type { Representation } from "../http/representation.ts";
import type { Sink } from "./sink.ts";

/** Bytes that are remembered, to compare them with those that a later answer begins with. */
const MOST_REMEMBERED = 64 * 1024;

/** Anything that takes bytes and cannot give them back: standard output, a pipe, a device. */
export class StreamSink implements Sink {
  length = 0;
  known: Representation | undefined;
  readonly #file: Pick<Deno.FsFile, "write">;
  readonly #name: string;
  readonly #end: () => void;
  #isClosed = false;
  #tail = new Uint8Array(0);

  /**
   * @param file What takes the bytes.
   * @param name What to call it.
   * @param end Closes it, if it is to be closed.
   */
  constructor(file: Pick<Deno.FsFile, "write">, name: string, end: () => void = () => {}) {
    this.#file = file;
    this.#name = name;
    this.#end = end;
  }

  tail(count: number): Promise<Uint8Array> {
    return Promise.resolve(this.#tail.subarray(Math.max(0, this.#tail.length - count)));
  }

  restart(known: Representation): Promise<void> {
    if (this.length > 0) {
      throw new Failure(
        `Cannot go on: ${this.length} bytes of another version are on ${this.#name}; name a file with -o, which can begin again`,
        1,
        CurlCode.Range,
      );
    }
    this.known = known;
    return Promise.resolve();
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, chunk);
    } catch (error) {
      throw new Failure(`Cannot write to ${this.#name}: ${whyNot(error)}`, 1, CurlCode.Write);
    }
    this.length += chunk.length;
    this.#remember(chunk.subarray(-MOST_REMEMBERED));
  }

  #remember(last: Uint8Array): void {
    const kept = Math.min(this.#tail.length, MOST_REMEMBERED - last.length);
    const tail = new Uint8Array(kept + last.length);
    tail.set(this.#tail.subarray(this.#tail.length - kept));
    tail.set(last, kept);
    this.#tail = tail;
  }

  finish(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  close(): void {
    if (!this.#isClosed) this.#end();
    this.#isClosed = true;
  }
}
