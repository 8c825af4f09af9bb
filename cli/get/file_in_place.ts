// A file that is written where it is, as nothing may be made beside it.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { whyNot } from "../console/why_not.ts";
import { openLocked } from "../files/locked_file.ts";
import type { Representation } from "../http/representation.ts";
import type { FileSink } from "./sink.ts";

/**
 * A file that is there and takes bytes, in a folder that takes no other file. What it holds stays until
 * the first byte comes; after that, a run that is broken off leaves a part of the new content.
 */
export class FileInPlace implements FileSink {
  /** Nothing tells of which version the bytes of an earlier run are. */
  readonly kept = 0;
  readonly partPath: string;
  readonly #file: Deno.FsFile;
  #length = 0;
  #known: Representation | undefined;
  #isClosed = false;

  private constructor(path: string, file: Deno.FsFile) {
    this.partPath = path;
    this.#file = file;
  }

  /**
   * Opens a file.
   *
   * @param path Its name, or that of a link to it.
   * @returns Undefined if there is none, or it may not be written either.
   * @throws {Failure} If another program is fetching it.
   */
  static async open(path: string): Promise<FileInPlace | undefined> {
    const open = () => Deno.open(path, { read: true, write: true });
    const taken = () =>
      new Failure(
        `Cannot write ${path}: another program is fetching it now; name another file with -o`,
        1,
        CurlCode.Write,
      );
    try {
      return new FileInPlace(path, await openLocked(path, open, taken));
    } catch (error) {
      if (error instanceof Failure) throw error;
      return undefined;
    }
  }

  get length(): number {
    return this.#length;
  }

  get known(): Representation | undefined {
    return this.#known;
  }

  async tail(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(count, this.#length));
    await this.#file.seek(this.#length - bytes.length, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const length = await this.#file.read(bytes.subarray(at));
      if (length === null) break; // another program has cut it: the comparison will tell
      at += length;
    }
    return bytes;
  }

  async restart(known: Representation): Promise<void> {
    try {
      await this.#file.truncate(0);
      this.#length = 0;
      this.#known = known;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      await this.#file.seek(this.#length, Deno.SeekMode.Start);
      for (let at = 0; at < chunk.length;) {
        const written = await this.#file.write(chunk.subarray(at));
        at += written;
        this.#length += written;
      }
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#file.truncate(this.#length);
      this.close();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  distrust(): Promise<void> {
    this.#known = undefined;
    return Promise.resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.unlockSync();
    this.#file.close();
  }

  #failure(error: unknown): Failure {
    return new Failure(
      `Cannot write ${this.partPath}: ${whyNot(error)}; name another file with -o`,
      1,
      CurlCode.Write,
    );
  }
}
