// Keeps the number of open files within bounds.

/**
 * Files that are open at once. One that gave way is opened, looked at and wound on again for its next
 * piece, which takes four calls instead of one; a process usually may have 1,024 descriptors.
 */
const MOST_OPEN = 256;
/** EMFILE and ENFILE: the process, or the machine, has no more descriptors. */
const NO_MORE_FILES = /os error (23|24)\b/;

/**
 * Whether something failed as this process, or the machine, has too many files open.
 *
 * @param error What was thrown.
 */
export function isOutOfFiles(error: unknown): boolean {
  return error instanceof Error && NO_MORE_FILES.test(error.message);
}

/** A file that answers are made of: it is open while it may be, and opened again when it is read. */
export class ServedFile {
  readonly path: string;
  /** What it was when it was first opened. */
  readonly info: Deno.FileInfo;
  readonly #files: OpenFiles;
  #handle: Deno.FsFile | undefined;
  /** Where the next byte is read. */
  #position = 0;
  #isBusy = false;
  #isClosed = false;

  /** Use `OpenFiles.open`. */
  constructor(files: OpenFiles, path: string, info: Deno.FileInfo, handle: Deno.FsFile) {
    this.#files = files;
    this.path = path;
    this.info = info;
    this.#handle = handle;
  }

  /** Whether it could be closed for another one. */
  get isIdle(): boolean {
    return !this.#isBusy;
  }

  /**
   * Reads into an array.
   *
   * @param at Where to begin in the file.
   * @param into Takes the bytes.
   * @returns How many there were; null at the end of the file.
   * @throws {Error} If there is another file at its path by now, and this one had to be closed.
   */
  async read(at: number, into: Uint8Array): Promise<number | null> {
    this.#isBusy = true;
    try {
      const handle = this.#handle ?? await this.#reopen();
      this.#files.touch(this);
      if (this.#position !== at) await handle.seek(at, Deno.SeekMode.Start);
      const length = await handle.read(into);
      this.#position = at + (length ?? 0);
      return length;
    } finally {
      this.#isBusy = false;
      if (this.#isClosed) this.release();
      this.#files.onIdle();
    }
  }

  /** Closes the file, after the read under way. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isBusy) this.release();
  }

  /** Closes it until it is read again. */
  release(): void {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#position = 0;
    if (handle) this.#files.onClosed(this);
    handle?.close();
  }

  async #reopen(): Promise<Deno.FsFile> {
    const handle = await this.#files.openFor(this, this.path);
    this.#handle = handle;
    const { dev, ino, size, mtime, ctime } = await handle.stat();
    const { info } = this;
    const isSame = dev === info.dev && ino === info.ino && size === info.size &&
      mtime?.getTime() === info.mtime?.getTime() && ctime?.getTime() === info.ctime?.getTime();
    if (!isSame) throw new Error(`Cannot read on: ${this.path} is another file by now`);
    return handle;
  }
}

/**
 * The files of responses. A limited number is open at once, and the file that was not read for the
 * longest time makes room for the next: a client that asks for files and reads nothing keeps none
 * open.
 */
export class OpenFiles {
  readonly #most: number;
  /** Open files, the one read longest ago first. */
  readonly #open = new Set<ServedFile | symbol>();
  readonly #waiting: (() => void)[] = [];

  /** @param most How many may be open. */
  constructor(most: number = MOST_OPEN) {
    this.#most = most;
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /** Opens a file. */
  async open(path: string): Promise<ServedFile> {
    const place = Symbol(path);
    const handle = await this.openFor(place, path);
    try {
      const file = new ServedFile(this, path, await handle.stat(), handle);
      this.#open.delete(place);
      this.#open.add(file);
      return file;
    } catch (error) {
      this.#open.delete(place);
      handle.close();
      throw error;
    }
  }

  /** Opens a file in place of another one, if there must be one less. */
  async openFor(owner: ServedFile | symbol, path: string): Promise<Deno.FsFile> {
    while (this.#open.size >= this.#most && !this.#closeOne()) await this.#oneIdle();
    this.#open.add(owner);
    try {
      return await this.#openNow(path);
    } catch (error) {
      this.#open.delete(owner);
      this.onIdle();
      throw error;
    }
  }

  /** A file is read. */
  touch(file: ServedFile): void {
    this.#open.delete(file);
    this.#open.add(file);
  }

  /** A file was closed. */
  onClosed(file: ServedFile): void {
    this.#open.delete(file);
    this.onIdle();
  }

  /** A file is not read any more for now. */
  onIdle(): void {
    this.#waiting.shift()?.();
  }

  async #openNow(path: string): Promise<Deno.FsFile> {
    for (;;) {
      try {
        return await Deno.open(path);
      } catch (error) {
        if (!isOutOfFiles(error) || !this.#closeOne()) throw error;
      }
    }
  }

  /** Closes the file that was not read for longest; false if all are being read. */
  #closeOne(): boolean {
    for (const file of this.#open) {
      if (typeof file === "symbol" || !file.isIdle) continue;
      file.release();
      return true;
    }
    return false;
  }

  #oneIdle(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
