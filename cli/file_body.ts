import { type ByteRange, contentRange } from "./byte_ranges.ts";

/** Large enough that the system call does not matter, small enough for many readers at once. */
const CHUNK_SIZE = 128 * 1024;

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
 * Streams the pieces of a body, read as fast as they are taken. A reader that takes nothing for
 * too long loses the stream: open files are few.
 *
 * @param file The open file; it is closed at the end, or when the bytes are no longer wanted.
 * @param pieces The pieces.
 * @param patience Milliseconds to wait for the reader.
 */
export function streamPieces(
  file: Deno.FsFile,
  pieces: readonly Piece[],
  patience: number = PATIENCE,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = readPieces(file, pieces);
  let timer: ReturnType<typeof setTimeout> | undefined;
  async function stop(): Promise<void> {
    clearTimeout(timer);
    await reader.return();
    close(file); // a generator that never started does not run its own finally
  }
  return new ReadableStream({
    async pull(controller) {
      clearTimeout(timer);
      const { value, done } = await reader.next();
      if (done) return controller.close();
      controller.enqueue(value);
      timer = setTimeout(() => {
        controller.error(new Error("Cannot send on: nobody takes what is sent"));
        return stop();
      }, patience);
    },
    cancel: stop,
  });
}

/**
 * Streams bytes that are at hand, without a copy of all of them for each reader.
 *
 * @param pieces The bytes; they are handed out in parts, and must not change.
 */
export function streamBytes(
  pieces: readonly Uint8Array<ArrayBuffer>[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let index = 0;
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      while (index < pieces.length && at === pieces[index]!.length) [index, at] = [index + 1, 0];
      if (index === pieces.length) return controller.close();
      const part = pieces[index]!.subarray(at, at + CHUNK_SIZE);
      at += part.length;
      controller.enqueue(part);
    },
  }, { highWaterMark: 0 });
}

async function* readPieces(
  file: Deno.FsFile,
  pieces: readonly Piece[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  try {
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) yield piece;
      else yield* readRange(file, piece);
    }
  } finally {
    close(file);
  }
}

async function* readRange(
  file: Deno.FsFile,
  range: ByteRange,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  await file.seek(range.first, Deno.SeekMode.Start);
  let left = lengthOf(range);
  while (left > 0) {
    const chunk = new Uint8Array(Math.min(left, CHUNK_SIZE));
    const length = await file.read(chunk);
    if (length === null) throw new Error(`Cannot read on: the file became ${left} bytes shorter`);
    left -= length;
    yield chunk.subarray(0, length);
  }
}

function lengthOf(piece: Piece): number {
  return piece instanceof Uint8Array ? piece.length : piece.last - piece.first + 1;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function close(file: Deno.FsFile): void {
  try {
    file.close();
  } catch {
    // closed already
  }
}
