// The content of a message as the application gives it: a stream that is read in time with the
// peer.

import { CallerError, callerFailed } from "./caller_error.ts";

/** Bytes asked of a body first, and at most: a body that fills one request gets a larger one. */
const FIRST = 4_096;
const MOST = 131_072;

/**
 * The content of a message to be sent. A stream of bytes gives only what it is asked for; others give
 * what they have.
 */
export class BodySource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #byteReader: ReadableStreamBYOBReader | undefined;
  #wanted = FIRST;
  #last: Uint8Array<ArrayBuffer> | undefined;
  /** Ends the read under way: a stream of bytes that is closed need not answer it. */
  #onClosed: (() => void) | undefined;

  /** @throws {TypeError} If the stream is read already. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#byteReader = byteReaderOf(stream);
    if (!this.#byteReader) this.#reader = stream.getReader();
    this.#byteReader?.closed.then(() => this.#onClosed?.(), ignore);
  }

  /** Bytes that it may be worth while to ask for; 0 if nothing depends on it. */
  get wanted(): number {
    return this.#byteReader ? this.#wanted : 0;
  }

  /**
   * The next piece; undefined at the end. What goes wrong is thrown as a `CallerError`.
   *
   * @param most Bytes that are of use now.
   */
  async read(most: number): Promise<Uint8Array | undefined> {
    if (!this.#byteReader) {
      const { done, value } = await this.#reader!.read().catch(callerFailed);
      return done ? undefined : checked(value);
    }
    const closed = Promise.withResolvers<undefined>();
    this.#onClosed = () => closed.resolve(undefined);
    const reading = this.#byteReader.read(new Uint8Array(most));
    const piece = await Promise.race([reading, closed.promise]).catch(callerFailed);
    if (piece === undefined || piece.done) return undefined;
    const { value } = piece;
    if (value.length === this.#wanted) this.#wanted = Math.min(4 * this.#wanted, MOST);
    return this.#last = value;
  }

  /** Frees the bytes of the last piece at once; they are no longer needed. */
  release(): void {
    this.#last?.buffer.transfer(0);
    this.#last = undefined;
  }

  /** Says that no more is wanted. */
  async cancel(reason: unknown): Promise<void> {
    await (this.#byteReader ?? this.#reader!).cancel(reason);
  }
}

function byteReaderOf(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    return undefined; // not a stream of bytes, or one that `getReader()` complains about
  }
}

function checked(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new CallerError(new TypeError("Cannot send chunks other than bytes"));
}

function ignore(): void {}
