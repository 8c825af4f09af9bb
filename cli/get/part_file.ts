// A file that is being fetched: NAME.part, and beside it what is known of its bytes.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { isDiskFull, whyNot } from "../console/why_not.ts";
import { placeOfFile } from "../files/file_place.ts";
import { openLocked } from "../files/locked_file.ts";
import { type Representation, withoutFragment } from "../http/representation.ts";
import { FileInPlace } from "./file_in_place.ts";
import { makeFolderOf } from "./local_path.ts";
import { partOf } from "./part_name.ts";
import { ReceivedBytes } from "./received_bytes.ts";
import type { FileSink } from "./sink.ts";

/** Bytes that a note beside a part may have; a larger one is not ours. */
const LARGEST_NOTE = 64 * 1024;

/** What stands in the note beside a part. */
interface PartNote {
  /** The URL that was asked for. */
  readonly asked: string;
  /** What is known of the bytes in the part. */
  readonly known: Representation;
}

/** How a part is opened. */
export interface PartOptions {
  /** The URL that is asked for. */
  readonly asked: URL;
  /** Whether folders that are missing are made. */
  readonly createFolders?: boolean;
  /** Hears why what is there already is of no use. */
  readonly say: (line: string) => void;
}

/**
 * A file on its way: it has its name once it is complete. Until then its bytes are in `NAME.part`,
 * and `NAME.part.json` tells of which URL and version they are, so that a later run goes on.
 */
export class PartFile implements FileSink {
  readonly kept: number;
  readonly #path: string;
  /** The mode of the file that is there already. */
  readonly #mode: number | null;
  readonly #asked: string;
  readonly #bytes: ReceivedBytes;
  #known: Representation | undefined;
  #isClosed = false;

  private constructor(
    path: string,
    mode: number | null,
    asked: string,
    file: Deno.FsFile,
    known: PartStart,
  ) {
    this.#path = path;
    this.#mode = mode;
    this.#asked = asked;
    this.#bytes = new ReceivedBytes(file, known.length);
    this.#known = known.known;
    this.kept = known.length;
  }

  /**
   * Opens the part of a file; what an earlier run has left is kept, if it is of the same URL. A file
   * that is replaced keeps its mode, and the links to it.
   *
   * @param path The name of the file, or a link to it.
   * @param options How.
   * @returns The part; the file itself where that may be written, and nothing may be made beside it.
   * @throws {Failure} If it cannot be written.
   */
  static async open(path: string, { asked, createFolders, say }: PartOptions): Promise<FileSink> {
    try {
      if (createFolders) await makeFolderOf(path);
      if (await isFolder(path)) throw new Deno.errors.IsADirectory();
      const { target, mode } = await placeOfFile(path) ?? { target: path, mode: null };
      const part = partOf(target);
      const how = { read: true, write: true, create: true };
      // What only its user may read is for no other user either while it comes.
      const access = mode === null ? how : { ...how, mode: mode & 0o777 | 0o600 };
      const open = () => Deno.open(part, access);
      const taken = () => new Failure("another program is fetching it now");
      const file = await openLocked(part, open, taken);
      const start = await startOf(part, (await file.stat()).size, asked, say);
      return new PartFile(target, mode, withoutFragment(asked), file, start);
    } catch (error) {
      const inPlace = isDenied(error) ? await FileInPlace.open(path) : undefined;
      if (inPlace !== undefined) return inPlace;
      throw cannotWrite(path, error);
    }
  }

  get partPath(): string {
    return partOf(this.#path);
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
      // In this order: a note never speaks of bytes that were there before it.
      await this.#bytes.clear();
      this.#known = known;
      const note: PartNote = { asked: this.#asked, known };
      await Deno.writeTextFile(noteOf(this.#path), JSON.stringify(note));
    } catch (error) {
      await this.distrust();
      throw cannotWrite(this.#path, error);
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    try {
      await this.#bytes.add(chunk);
    } catch (error) {
      throw cannotWrite(this.partPath, error);
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#bytes.cut();
      if (this.#mode !== null) await Deno.chmod(this.partPath, this.#mode & 0o777).catch(() => {});
      // Its lock holds until it has its name: else another program could begin with it before.
      await Deno.rename(this.partPath, this.#path);
      this.close();
      await Deno.remove(noteOf(this.#path)).catch(() => {});
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
  }

  async distrust(): Promise<void> {
    this.#known = undefined;
    await Deno.remove(noteOf(this.#path)).catch(() => {});
  }

  /** A part in which nothing is, and of which nothing is known, is taken away. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#bytes.length === 0 && this.#known === undefined) this.#remove();
    this.#bytes.close();
  }

  #remove(): void {
    try {
      Deno.removeSync(this.partPath);
    } catch {
      // It stays, and does no harm.
    }
  }
}

interface PartStart {
  readonly known: Representation | undefined;
  readonly length: number;
}

async function startOf(
  part: string,
  size: number,
  asked: URL,
  say: (line: string) => void,
): Promise<PartStart> {
  const nothing = { known: undefined, length: 0 };
  if (size === 0) return nothing;
  const note = await readNote(`${part}.json`);
  const useless = (reason: string) => {
    say(`Starting over: ${part} ${reason}`);
    return nothing;
  };
  if (note === undefined) return useless("has no note beside it that tells what is in it");
  if (note.asked !== withoutFragment(asked)) return useless(`is of ${note.asked}`);
  if (note.known.length !== undefined && size > note.known.length) {
    return useless("is longer than the file");
  }
  return { known: note.known, length: size };
}

async function readNote(path: string): Promise<PartNote | undefined> {
  try {
    if ((await Deno.stat(path)).size > LARGEST_NOTE) return undefined;
    const note = JSON.parse(await Deno.readTextFile(path));
    return isNote(note) ? note : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}

function isNote(note: unknown): note is PartNote {
  const { asked, known } = (note ?? {}) as { asked?: unknown; known?: Record<string, unknown> };
  const texts = [known?.["etag"], known?.["lastModified"], known?.["coding"]];
  const length = known?.["length"];
  return typeof asked === "string" && typeof known?.["url"] === "string" &&
    URL.canParse(known["url"]) &&
    texts.every((text) => text === undefined || typeof text === "string") &&
    (length === undefined || Number.isSafeInteger(length));
}

function noteOf(path: string): string {
  return `${partOf(path)}.json`;
}

async function isFolder(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}

function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
}

function cannotWrite(path: string, error: unknown): unknown {
  if (error instanceof Deno.errors.NotCapable) return error;
  if (error instanceof Failure && error.curlCode === CurlCode.Write) return error;
  return new Failure(
    `Cannot write ${path}: ${whyNot(error)}; ${adviceFor(error)}`,
    1,
    CurlCode.Write,
  );
}

function adviceFor(error: unknown): string {
  return isDiskFull(error)
    ? "make room and run the same command again, which goes on with what has come"
    : "name another file with -o";
}
