// The content of a file as the body of a response.

import { type ByteRange, contentRange } from "../http/byte_ranges.ts";
import type { ServedFile } from "./open_files.ts";

/** Large enough that the system call does not matter, small enough for many readers at once. */
const CHUNK_SIZE = 64 * 1024;

/** Milliseconds that a reader may take none of what is ready for it. */
const PATIENCE = 60_000;

/** A piece of a body: bytes at hand, or a part of the file. */
export type Piece = Uint8Array<ArrayBuffer> | ByteRange;

/** What a body will consist of. */
export interface FileBody {
  /** Its pieces, in order. */
  readonly pieces: readonly Piece[];
  /** How many bytes that will be. */
  readonly length: number;
  /** The media type. */
  readonly type: string;
}

/**
 * A body that is one part of a file.
 *
 * @param range The part.
 * @param type The media type of the file.
 */
export function singlePart(range: ByteRange, type: string): FileBody {
  return { pieces: [range], length: lengthOf(range), type };
}

/**
 * A body of several parts of a file, as multipart/byteranges (RFC 9110, Section 14.6).
 *
 * @param ranges The parts.
 * @param size The size of the whole file.
 * @param type The media type of the file.
 */
export function multipleParts(
  ranges: readonly ByteRange[],
  size: number,
  type: string,
): FileBody {
  const boundary = crypto.randomUUID();
  const pieces: Piece[] = ranges.flatMap((range) => [
    encode(
      `\r\n--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${
        contentRange(range, size)
      }\r\n\r\n`,
    ),
    range,
  ]);
  pieces.push(encode(`\r\n--${boundary}--\r\n`));
  return {
    pieces,
    length: pieces.reduce((sum, piece) => sum + lengthOf(piece), 0),
    type: `multipart/byteranges; boundary=${boundary}`,
  };
}

/**
 * Streams the pieces of a body: only what is asked for is read, and only then. A reader that takes
 * nothing for too long loses the stream.
 *
 * @param file The file; it is closed at the end, or when the bytes are no longer wanted.
 * @param pieces The pieces.
 * @param patience Milliseconds to wait for the reader.
 */
export function streamPieces(
  file: ServedFile | undefined,
  pieces: readonly Piece[],
  patience: number = PATIENCE,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = new PieceReader(file, pieces);
  let timer: ReturnType<typeof setTimeout> | undefined;
  function stop(): void {
    clearTimeout(timer);
    file?.close();
  }
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      clearTimeout(timer);
      try {
        if (await reader.fill(controller)) return stop();
      } catch (error) {
        stop();
        throw error;
      }
      timer = setTimeout(() => {
        controller.error(new Error("Cannot send on: the client takes nothing"));
        stop();
      }, patience);
    },
    cancel: stop,
  });
}

/** Goes through the pieces of a body. */
class PieceReader {
  readonly #file: ServedFile | undefined;
  readonly #pieces: readonly Piece[];
  #index = 0;
  /** Bytes of the piece at hand that were given. */
  #at = 0;

  constructor(file: ServedFile | undefined, pieces: readonly Piece[]) {
    this.#file = file;
    this.#pieces = pieces.filter((piece) => lengthOf(piece) > 0);
  }

  /** Gives what was asked for, or some of it; says whether that was the last. */
  async fill(controller: ReadableByteStreamController): Promise<boolean> {
    const { byobRequest } = controller;
    const piece = this.#pieces[this.#index];
    if (piece !== undefined) {
      const left = lengthOf(piece) - this.#at;
      const view = byobRequest?.view as Uint8Array<ArrayBuffer> | null | undefined;
      const target = (view ?? new Uint8Array(Math.min(left, CHUNK_SIZE))).subarray(0, left);
      const length = await this.#read(piece, target);
      this.#at += length;
      if (length === left) [this.#index, this.#at] = [this.#index + 1, 0];
      if (byobRequest) byobRequest.respond(length);
      else controller.enqueue(target.subarray(0, length));
    }
    if (this.#index < this.#pieces.length) return false;
    controller.close();
    if (piece === undefined) byobRequest?.respond(0);
    return true;
  }

  async #read(piece: Piece, target: Uint8Array): Promise<number> {
    if (piece instanceof Uint8Array) {
      target.set(piece.subarray(this.#at, this.#at + target.length));
      return target.length;
    }
    const length = await this.#file!.read(piece.first + this.#at, target);
    const left = lengthOf(piece) - this.#at;
    if (length === null) throw new Error(`Cannot read on: the file became ${left} bytes shorter`);
    return length;
  }
}

function lengthOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.last - piece.first + 1;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
