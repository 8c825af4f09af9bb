// The bytes of a download that are in an open file.

/** What has come, from the first byte of a locked file on; what the file holds behind that is old. */
export class ReceivedBytes {
  readonly #file: Deno.FsFile;
  #length: number;
  /** Whether the file is at the place where the next bytes go. */
  #isAtEnd = false;

  /**
   * Makes it of a file.
   *
   * @param file Opened for reading and writing, and locked.
   * @param length Bytes that are there already.
   */
  constructor(file: Deno.FsFile, length: number) {
    this.#file = file;
    this.#length = length;
  }

  /** How many bytes there are. */
  get length(): number {
    return this.#length;
  }

  /** The last bytes, of which there may be fewer. */
  async tail(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.min(count, this.#length));
    this.#isAtEnd = false;
    await this.#file.seek(this.#length - bytes.length, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const length = await this.#file.read(bytes.subarray(at));
      if (length === null) break; // another program has cut it: the comparison will tell
      at += length;
    }
    return bytes;
  }

  /** Takes all of them away. */
  async clear(): Promise<void> {
    await this.#file.truncate(0);
    this.#length = 0;
    this.#isAtEnd = false;
  }

  /** Adds bytes; where that fails, those that the file took are counted. */
  async add(chunk: Uint8Array): Promise<void> {
    const wasAtEnd = this.#isAtEnd;
    this.#isAtEnd = false;
    if (!wasAtEnd) await this.#file.seek(this.#length, Deno.SeekMode.Start);
    for (let at = 0; at < chunk.length;) {
      const written = await this.#file.write(chunk.subarray(at));
      at += written;
      this.#length += written;
    }
    this.#isAtEnd = true;
  }

  /** A file that was longer once, by another program's doing, ends where its bytes end. */
  async cut(): Promise<void> {
    await this.#file.truncate(this.#length);
  }

  /** Closes the file. */
  close(): void {
    // A program that is just being started may have a copy of the descriptor, and with it the lock.
    this.#file.unlockSync();
    this.#file.close();
  }
}
