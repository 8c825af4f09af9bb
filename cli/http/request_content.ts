// The content of a request: text, a file, or standard input.

import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { unreadable } from "../console/unreadable.ts";

/** Content up to this size is kept in memory; what is longer is read while it is sent. */
const MOST_KEPT = 1024 * 1024;

/** Bytes that are read at a time. */
const CHUNK_SIZE = 64 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

/** What a request carries. */
export type RequestBody = Bytes | ReadableStream<Bytes>;

/** A piece of content: bytes at hand, a file that can be read again, or something that flows by. */
type Piece = Bytes | StoredPiece | FlowingPiece;

interface StoredPiece {
  readonly path: string;
  readonly size: number;
  /** The flag that names another file. */
  readonly flag: string;
}

interface FlowingPiece {
  readonly source: Pick<typeof Deno.stdin, "read">;
  readonly name: string;
  /** The flag that names another file. */
  readonly flag: string;
  /** Closes the source when its end has come: a pipe that stays open swallows what comes later. */
  readonly close?: () => void;
}

/** A part of content as it is asked for: bytes, or a file; "-" is standard input. */
export type ContentPart = Bytes | { readonly path: string };

/** The content of the requests, put together from what stands on the command line. */
export class RequestContent {
  readonly #pieces: readonly Piece[];
  #isSpent = false;

  private constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /**
   * Looks at the parts of it.
   *
   * @param data Texts, or with "@" before them the names of files; "@-" is standard input.
   * @throws {Failure} If one of them cannot be read.
   */
  static of(data: readonly string[]): Promise<RequestContent> {
    const parts = data.flatMap((text, i) => [
      ...i > 0 ? [encode("&")] : [],
      text.startsWith("@") ? { path: text.slice(1) } : encode(text),
    ]);
    return RequestContent.join(parts);
  }

  /**
   * Puts parts together.
   *
   * @param parts Bytes and files, one behind the other.
   * @param flag The flag that names the files.
   * @throws {Failure} If one of them cannot be read.
   */
  static async join(
    parts: readonly ContentPart[],
    flag = "--data @FILE",
  ): Promise<RequestContent> {
    const pieces: Piece[] = [];
    for (const part of parts) {
      if (part instanceof Uint8Array) pieces.push(part);
      else pieces.push(...await open(part.path, flag));
    }
    const content = new RequestContent(pieces);
    const { length = Infinity } = content;
    if (length > MOST_KEPT) return content;
    return new RequestContent([await new Blob(await collect(content.#chunks())).bytes()]);
  }

  /** How many bytes it has; undefined if only its end will tell. */
  get length(): number | undefined {
    let sum = 0;
    for (const piece of this.#pieces) {
      if ("source" in piece) return undefined;
      sum += piece instanceof Uint8Array ? piece.length : piece.size;
    }
    return sum;
  }

  /**
   * The body of one request.
   *
   * @throws {Failure} If it has flowed by with an earlier one.
   */
  body(): RequestBody {
    const [first, ...rest] = this.#pieces;
    if (first instanceof Uint8Array && rest.length === 0) return first;
    const flowing = this.#pieces.find((piece) => "source" in piece);
    if (this.#isSpent && flowing && "source" in flowing) {
      throw new Failure(
        `Cannot send ${flowing.name} a second time: put it into a file, and give that with ${flowing.flag}`,
      );
    }
    this.#isSpent = true;
    return ReadableStream.from(this.#chunks());
  }

  async *#chunks(): AsyncGenerator<Bytes> {
    for (const piece of this.#pieces) {
      if (piece instanceof Uint8Array) yield piece;
      else if ("source" in piece) yield* flow(piece);
      else yield* stored(piece);
    }
  }
}

/** What is at a path; the beginning of what flows by is looked at, as it may be all of it. */
async function open(path: string, flag: string): Promise<Piece[]> {
  try {
    if (path === "-") return await lookAhead({ source: Deno.stdin, name: "standard input", flag });
    const { isFile, isDirectory, size } = await Deno.stat(path);
    if (isDirectory) throw new Failure("it is a folder");
    const file = await Deno.open(path);
    if (!isFile) {
      return await lookAhead({
        source: file,
        name: path,
        flag,
        close: () => file.close(),
      });
    }
    file.close();
    return [{ path, size, flag }];
  } catch (error) {
    throw cannotRead(path, error, flag);
  }
}

async function lookAhead(piece: FlowingPiece): Promise<Piece[]> {
  const kept: Bytes[] = [];
  let length = 0;
  for await (const chunk of flow(piece)) {
    kept.push(chunk.slice());
    length += chunk.length;
    if (length > MOST_KEPT) return [...kept, piece];
  }
  return kept;
}

async function* flow({ source, name, flag, close }: FlowingPiece): AsyncGenerator<Bytes> {
  for (;;) {
    const chunk = new Uint8Array(CHUNK_SIZE);
    const length = await source.read(chunk).catch((error) => {
      close?.();
      throw cannotRead(name, error, flag);
    });
    if (length === null) return close?.();
    yield chunk.subarray(0, length);
  }
}

async function* stored({ path, size, flag }: StoredPiece): AsyncGenerator<Bytes> {
  using file = await Deno.open(path).catch((error) => {
    throw cannotRead(path, error, flag);
  });
  for (let left = size; left > 0;) {
    const chunk = new Uint8Array(Math.min(CHUNK_SIZE, left));
    const length = await file.read(chunk);
    if (length === null) {
      throw new Failure(`Cannot send "${path}": it became ${left} bytes shorter meanwhile`);
    }
    left -= length;
    yield chunk.subarray(0, length);
  }
}

function cannotRead(path: string, error: unknown, flag: string): Failure {
  return unreadable(error, path, flag, CurlCode.Read);
}

async function collect(chunks: AsyncIterable<Bytes>): Promise<Bytes[]> {
  const all: Bytes[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

function encode(text: string): Bytes {
  return new TextEncoder().encode(text);
}
