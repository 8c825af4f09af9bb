// Takes files that clients send by PUT, whole or piece by piece.

import { createHash } from "node:crypto";
import { statfs } from "node:fs/promises";
import { isDiskFull } from "../console/why_not.ts";
import { evaluateConditions, validatorsOf } from "../http/conditional.ts";
import { readContentRange } from "../http/content_range.ts";
import { isHiddenPath, PART_PREFIX, splitUrlPath } from "../http/url_path.ts";
import { digestOpenFile } from "./file_digest.ts";
import { openLocked } from "./locked_file.ts";
import { UploadSlots } from "./upload_slots.ts";

/** Milliseconds after which a part that is not continued is removed. */
const PART_LIFETIME = 86_400_000;
/** Bytes that are left free on the disk for others. */
const RESERVE = 64 * 1024 * 1024;

/** What may be uploaded. */
export interface UploadLimits {
  /** Whether files that are there may be replaced without the field `If-Match`. */
  readonly overwrite: boolean;
  /** Bytes of a file. */
  readonly maxSize: number;
  /** Uploads at a time. */
  readonly maxCount: number;
}

/** An upload that was refused: an answer, thrown. */
class Refusal extends Error {
  readonly answer: Response;

  constructor(status: number, text: string, headers: Record<string, string> = {}) {
    super(text);
    const type = { "content-type": "text/plain; charset=utf-8" };
    this.answer = new Response(`${text}\n`, { status, headers: { ...type, ...headers } });
  }
}

/** Where an upload goes. */
interface Place {
  /** The folder, links followed. */
  readonly folder: string;
  readonly target: string;
  /** Where the file lies until it is complete. */
  readonly part: string;
}

/** Which bytes of the file a request carries. */
interface Piece {
  readonly first: number;
  /** The offset behind the last byte; undefined if the end of the content tells. */
  readonly end: number | undefined;
  /** The size of the whole file; undefined if that is not known yet. */
  readonly size: number | undefined;
  /** Whether the file ends where the content does. */
  readonly isLast: boolean;
}

/**
 * Takes files into a folder and below it. A file lies under a hidden name beside its place until it is
 * complete: no reader ever sees half of it. What was cut off can be continued where it ended, by one
 * writer at a time.
 */
export class Uploads {
  readonly #root: string;
  readonly #limits: UploadLimits;
  readonly #slots: UploadSlots;
  /** When the folders were looked through for old parts. */
  readonly #swept = new Map<string, number>();

  /**
   * @param root The folder, or a link to it.
   * @param limits What may be uploaded.
   * @param slots Places that are shared with other folders.
   */
  constructor(root: string, limits: UploadLimits, slots = new UploadSlots(limits.maxCount)) {
    this.#root = root;
    this.#limits = limits;
    this.#slots = slots;
  }

  /**
   * Takes a file, or a piece of it.
   *
   * @param request A PUT.
   * @param user The user that sends it, and can continue it.
   */
  async put(request: Request, user: string): Promise<Response> {
    try {
      checkCoding(request.headers);
      const place = await this.#placeOf(request, user);
      await checkConditions(request, place.target, this.#limits.overwrite);
      return await this.#write(request, place);
    } catch (error) {
      await request.body?.cancel().catch(() => {}); // it may have failed itself
      return answerTo(error);
    }
  }

  /**
   * How many bytes of a file there are that is not complete; undefined if none.
   *
   * @param request A request for the file.
   * @param user The user that has sent them.
   */
  async offsetOf(request: Request, user: string): Promise<number | undefined> {
    try {
      const { part } = await this.#placeOf(request, user);
      return (await Deno.lstat(part).catch(ignoreMissing))?.size;
    } catch (error) {
      if (error instanceof Refusal) return undefined;
      throw error;
    }
  }

  async #placeOf({ url }: Request, user: string): Promise<Place> {
    const { pathname } = new URL(url);
    const names = splitUrlPath(pathname);
    const name = names?.at(-1);
    if (names === undefined || name === undefined || pathname.endsWith("/")) {
      throw new Refusal(400, "This path cannot name a file.");
    }
    if (isHiddenPath(names, false) || names[0]!.startsWith(".")) {
      throw new Refusal(403, "Names that begin with a dot are not taken.");
    }
    const [root, folder] = await Promise.all([
      Deno.realPath(this.#root),
      Deno.realPath([this.#root, ...names.slice(0, -1)].join("/")),
    ]).catch(() => {
      throw new Refusal(404, "There is no such folder.");
    });
    const below = folder.slice(root.length);
    if (!folder.startsWith(root) || (below !== "" && !/^[/\\]/.test(below) && root !== "/")) {
      throw new Refusal(403, "This link leads to where nothing is taken.");
    }
    if (isHiddenPath(below.split(/[/\\]/), false)) {
      throw new Refusal(403, "Names that begin with a dot are not taken.");
    }
    const key = hashOf(`${name}\0${user}`);
    return { folder, target: `${folder}/${name}`, part: `${folder}/${PART_PREFIX}${key}` };
  }

  async #write(request: Request, place: Place): Promise<Response> {
    if (!this.#slots.take()) {
      throw new Refusal(503, "Too many uploads are under way; try again.", { "retry-after": "10" });
    }
    try {
      await this.#sweep(place.folder);
      const piece = pieceOf(request.headers);
      await this.#checkSize(piece, place.folder);
      // Its lock holds until the file has its name: else another request could change it before.
      using file = await openPart(place.part);
      const end = await this.#receive(request, file, place.part, piece);
      if (!piece.isLast) {
        return new Response(null, { status: 202, headers: { "upload-offset": `${end}` } });
      }
      return await this.#finish(request, file, place);
    } finally {
      this.#slots.release();
    }
  }

  async #checkSize({ first, end, size }: Piece, folder: string): Promise<void> {
    const most = size ?? end;
    if (most === undefined) return;
    if (most > this.#limits.maxSize) throw this.#tooLarge();
    // A program that may not ask hears of it when the disk is full.
    if (Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state !== "granted") return;
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < most - first + RESERVE) {
      throw new Refusal(507, "There is no room for this file.");
    }
  }

  #tooLarge(): Refusal {
    return new Refusal(413, `Files may have ${this.#limits.maxSize} bytes.`);
  }

  /** Appends the content; returns the size of the part then. What came before an end in between stays. */
  async #receive(
    request: Request,
    file: Deno.FsFile,
    part: string,
    piece: Piece,
  ): Promise<number> {
    const { size: length } = await file.stat();
    if (piece.first > 0 && piece.first !== length) {
      if (length === 0) await remove(part);
      throw conflict(length, "The piece does not begin where the file ends.");
    }
    if (piece.first === 0) await file.truncate();
    try {
      return await this.#append(request, file, part, piece);
    } catch (error) {
      if (isDiskFull(error)) await remove(part); // a part would keep the disk full for a day
      throw error;
    }
  }

  async #append(
    request: Request,
    file: Deno.FsFile,
    part: string,
    piece: Piece,
  ): Promise<number> {
    let at = piece.first;
    for await (const chunk of request.body ?? []) {
      at += chunk.length;
      if (at > Math.min(this.#limits.maxSize, piece.end ?? Infinity)) {
        await remove(part);
        throw at > this.#limits.maxSize
          ? this.#tooLarge()
          : new Refusal(400, "There is more content than was said.");
      }
      for (let done = 0; done < chunk.length;) done += await file.write(chunk.subarray(done));
    }
    if (piece.end !== undefined && at < piece.end) {
      throw new Refusal(400, "There is less content than was said.", { "upload-offset": `${at}` });
    }
    await file.syncData();
    return at;
  }

  /** The file is complete: it gets its name, if that is still free, or may still be replaced. */
  async #finish(
    request: Request,
    file: Deno.FsFile,
    { target, part }: Place,
  ): Promise<Response> {
    await checkDigest(request.headers, file, part);
    const isReplaced = await checkConditions(request, target, this.#limits.overwrite);
    if (isReplaced) await Deno.rename(part, target);
    else await giveName(part, target);
    const { etag } = validatorsOf(await Deno.stat(target));
    return new Response(null, { status: isReplaced ? 204 : 201, headers: { etag } });
  }

  /** Removes parts that were not continued for a day; looks once an hour. */
  async #sweep(folder: string): Promise<void> {
    const now = Date.now();
    if (now - (this.#swept.get(folder) ?? 0) < PART_LIFETIME / 24) return;
    if (this.#swept.size > 1_000) this.#swept.clear();
    this.#swept.set(folder, now);
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.startsWith(PART_PREFIX)) continue;
      const part = `${folder}/${name}`;
      const { mtime } = await Deno.lstat(part).catch(() => ({ mtime: null }));
      if (mtime !== null && now - mtime.getTime() > PART_LIFETIME) await remove(part);
    }
  }
}

/**
 * RFC 9110, Section 15.5.16: content is stored as it comes, and would be served as what it is coded
 * from.
 */
function checkCoding(headers: Headers): void {
  const coding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (coding === "" || coding === "identity") return;
  throw new Refusal(415, "Send the file itself, without Content-Encoding.", {
    "accept-encoding": "identity",
  });
}

/**
 * Whether a file is there that may be replaced.
 *
 * @throws {Refusal} If it may not.
 */
async function checkConditions(
  request: Request,
  target: string,
  overwrite: boolean,
): Promise<boolean> {
  const { headers } = request;
  const info = await Deno.lstat(target).catch(ignoreMissing);
  if (info === undefined) {
    if (headers.get("if-match") === null) return false;
    throw new Refusal(412, "There is no such file.");
  }
  if (!info.isFile) throw new Refusal(409, "Something else has this name.");
  if (evaluateConditions(request, validatorsOf(info)) !== 200) {
    throw new Refusal(412, "The file is no longer the one you mean.");
  }
  if (overwrite || headers.get("if-match") !== null) return true;
  throw new Refusal(428, "There is such a file: replace it with If-Match, or choose another name.");
}

/** RFC 9530, Section 2: the digest is that of the whole file. */
async function checkDigest(headers: Headers, file: Deno.FsFile, part: string): Promise<void> {
  const wanted = /(?:^|[,\s])sha-256=:([A-Za-z0-9+/=]+):/.exec(headers.get("repr-digest") ?? "")
    ?.[1];
  if (wanted === undefined) return;
  await file.seek(0, Deno.SeekMode.Start);
  if (await digestOpenFile(file, "sha256", "base64") === wanted) return;
  await remove(part);
  throw new Refusal(422, "The file does not have the digest that was said.");
}

function pieceOf(headers: Headers): Piece {
  const length = headers.get("content-length");
  const count = length === null ? undefined : Number(length);
  if (count !== undefined && !Number.isSafeInteger(count)) {
    throw new Refusal(400, "Content-Length does not say how much comes.");
  }
  const text = headers.get("content-range");
  if (text === null) return { first: 0, end: count, size: count, isLast: true };
  const range = readContentRange(text);
  if (range?.first === undefined || range.last === undefined) {
    throw new Refusal(400, "Content-Range does not say which bytes come.");
  }
  const { first, last, size } = range;
  return { first, end: last + 1, size, isLast: last + 1 === size };
}

function conflict(length: number, text: string): Refusal {
  return new Refusal(409, text, { "upload-offset": `${length}` });
}

/** Gives a part its name, unless a file of that name came meanwhile. */
async function giveName(part: string, target: string): Promise<void> {
  try {
    await Deno.link(part, target); // unlike a rename, it replaces nothing
  } catch (error) {
    const isSaid = error instanceof Deno.errors.AlreadyExists ||
      error instanceof Deno.errors.NotCapable;
    if (isSaid) throw error;
    // exFAT and some file systems of networks have no links: names are then given one by one.
    return await giveNameAlone(part, target);
  }
  await Deno.remove(part);
}

/** The same by a rename, while no other upload gives the same name. */
async function giveNameAlone(part: string, target: string): Promise<void> {
  const end = target.lastIndexOf("/") + 1;
  const claim = `${target.slice(0, end)}${PART_PREFIX}${hashOf(target.slice(end))}`;
  using _lock = await openPart(claim);
  try {
    if (await Deno.lstat(target).catch(ignoreMissing)) throw new Deno.errors.AlreadyExists();
    await Deno.rename(part, target);
  } finally {
    await remove(claim);
  }
}

/**
 * Opens a part to append to it, and locks it; one that is not there is made, and no link is followed.
 * The lock is seen by other threads and processes that serve the folder.
 */
async function openPart(part: string): Promise<Deno.FsFile> {
  const open = async () => {
    const info = await Deno.lstat(part).catch(ignoreMissing);
    if (info !== undefined && !info.isFile) throw new Refusal(409, "Something else has this name.");
    const isNew = info === undefined;
    return await Deno.open(part, { append: true, read: true, createNew: isNew })
      .catch(isNew ? ignoreThere : ignoreMissing);
  };
  const taken = (size: number) => conflict(size, "This file is being uploaded already.");
  return await openLocked(part, open, taken);
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

async function remove(path: string): Promise<void> {
  await Deno.remove(path).catch(ignoreMissing);
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

function ignoreThere(error: unknown): undefined {
  if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
}

function answerTo(error: unknown): Response {
  if (error instanceof Refusal) return error.answer;
  if (error instanceof Deno.errors.AlreadyExists) {
    return new Refusal(412, "A file of this name came meanwhile.").answer;
  }
  if (isDiskFull(error)) return new Refusal(507, "There is no room for this file.").answer;
  const text = error instanceof Error ? error.message : "";
  if (/ENAMETOOLONG|os error 36\b/.test(text)) {
    return new Refusal(400, "This name is too long.").answer;
  }
  const isDenied = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
  return (isDenied
    ? new Refusal(403, "Nothing may be written there.")
    : new Refusal(500, "The file cannot be written.")).answer;
}
