// A file that is written where it is, as nothing may be made beside it.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { whyNot } from "../console/why_not.ts";
import { openLocked } from "../files/locked_file.ts";
import type { Representation } from "../http/representation.ts";
import { ReceivedBytes } from "./received_bytes.ts";
import type { FileSink } from "./sink.ts";

/**
 * A file that is there and takes bytes, in a folder that takes no other file. What it holds stays until
 * the first byte comes; after that, a run that is broken off leaves a part of the new content.
 */
export class FileInPlace implements FileSink {
  /** Nothing tells of which version the bytes of an earlier run are. */
  readonly kept = 0;
  readonly partPath: string;
  readonly #bytes: ReceivedBytes;
  #known: Representation | undefined;
  #isClosed = false;

  private constructor(path: string, file: Deno.FsFile) {
    this.partPath = path;
    this.#bytes = new ReceivedBytes(file, 0);
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
    return this.#bytes.length;
  }

  get known(): Representation | undefined {
    return this.#known;
  }

  tail(count: number): Promise<Uint8Array> {
    return this.#bytes.tail(count);
  }

  async restart(known: Representation): Promise<void> {
    try {
      await this.#bytes.clear();
      this.#known = known;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      await this.#bytes.add(chunk);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#bytes.cut();
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
    this.#bytes.close();
  }

  #failure(error: unknown): Failure {
    return new Failure(
      `Cannot write ${this.partPath}: ${whyNot(error)}; name another file with -o`,
      1,
      CurlCode.Write,
    );
  }
}
