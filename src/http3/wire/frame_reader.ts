// Reads the frames of a stream of HTTP/3.

import { ApplicationError, StreamError } from "../../error/quic_error.ts";
import { H3ErrorCode } from "./code_point.ts";

const EMPTY = new Uint8Array(0);

/**
 * Reads the frames of one stream as its bytes come, without collecting unwanted payload.
 *
 * `next()` moves to a frame; then its payload is taken in pieces, as a whole, or passed over.
 */
export class FrameReader {
  /** The type of the current frame; rounded above 2^53, where there are only unknown ones. */
  type = -1;
  /** Bytes of its type and length. */
  headerSize = 0;
  /** Payload bytes of the current frame not yet taken. */
  remaining = 0;
  /** Whether the stream has ended in good order. */
  isEnded = false;
  /** Whether the stream has broken: the peer reset it, or the connection is gone. */
  isBroken = false;
  readonly #source: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #chunk: Uint8Array<ArrayBuffer> = EMPTY;
  #at = 0;
  #cancelled: { readonly reason: unknown } | undefined;
  /** What `next()` will find, if it was looked at before. */
  #ahead: Promise<boolean> | undefined;

  /** @param stream The stream; it stays locked. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#source = stream.getReader();
  }

  /** Moves to the next frame; false if the stream ends before one. */
  next(): Promise<boolean> {
    const ahead = this.#ahead ?? this.#next();
    this.#ahead = undefined;
    return ahead;
  }

  /**
   * Waits for the header of the next frame and sets `type` and `remaining`; `next()` gives the same
   * frame, or the same error, once more.
   *
   * @returns Whether there is a frame.
   */
  lookAhead(): Promise<boolean> {
    this.#ahead = this.#next();
    return this.#ahead.catch(() => false);
  }

  async #next(): Promise<boolean> {
    if (this.remaining > 0) await this.skip();
    if (!this.#hasBytes && !(await this.#more())) return false;
    this.headerSize = 0;
    this.type = this.#varintAtHand();
    if (this.type < 0) this.type = await this.#slowVarint();
    this.remaining = this.#varintAtHand();
    if (this.remaining < 0) this.remaining = await this.#slowVarint();
    return true;
  }

  /**
   * The same, if all that takes has come already; false if `next()` must see. Frames can be as short
   * as two bytes, and thousands of them come at a time: they must not cost a promise each.
   */
  nextAtHand(): boolean {
    if (this.#ahead) return false;
    const start = this.#at;
    if (this.remaining > this.#chunk.length - start) return false;
    this.#at += this.remaining;
    this.headerSize = 0;
    const type = this.#varintAtHand();
    const length = type < 0 ? -1 : this.#varintAtHand();
    if (length < 0) {
      this.#at = start;
      return false;
    }
    this.type = type;
    this.remaining = length;
    return true;
  }

  /** What has come of the payload already; a view, perhaps empty. */
  pieceAtHand(): Uint8Array<ArrayBuffer> {
    return this.#take(this.remaining);
  }

  /**
   * The next piece of the payload, as large as it came; undefined when the frame is over. It may be
   * kept: it holds no more memory than twice its own.
   */
  async piece(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.remaining === 0) return undefined;
    if (!this.#hasBytes && !(await this.#more())) throw truncated();
    return frugal(this.#take(this.remaining));
  }

  /** The rest of the payload in one array, which may be a view of more. */
  async payload(limit: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.remaining > limit) {
      throw new StreamError(
        H3ErrorCode.ExcessiveLoad,
        `Cannot hold a frame of ${this.remaining} bytes`,
      );
    }
    if (this.#chunk.length - this.#at >= this.remaining) return this.#take(this.remaining);
    return await this.#gather();
  }

  /** Puts the payload together in room that grows with what comes, not with what is announced. */
  async #gather(): Promise<Uint8Array<ArrayBuffer>> {
    const length = this.remaining;
    let whole = EMPTY;
    for (let filled = 0; filled < length; filled = length - this.remaining) {
      if (!this.#hasBytes && !(await this.#more())) throw truncated();
      const piece = this.#take(this.remaining);
      if (filled + piece.length > whole.length) {
        const longer = new Uint8Array(Math.min(length, 2 * (filled + piece.length)));
        longer.set(whole.subarray(0, filled));
        whole = longer;
      }
      whole.set(piece, filled);
    }
    return whole;
  }

  /** Passes over the rest of the payload. */
  async skip(): Promise<void> {
    while (this.remaining > 0) {
      if (!this.#hasBytes && !(await this.#more())) throw truncated();
      this.#take(this.remaining);
    }
  }

  /** Reads a stream type, before any frame; -1 if the stream ends before that. */
  async streamType(): Promise<number> {
    if (!(await this.#more())) return -1;
    const type = this.#varintAtHand();
    return type >= 0 ? type : await this.#slowVarint();
  }

  /** Reads an integer that stands before all frames; -1 if the stream ends before it. */
  async varint(): Promise<number> {
    if (!this.#hasBytes && !(await this.#more())) return -1;
    const value = this.#varintAtHand();
    return value >= 0 ? value : await this.#slowVarint();
  }

  /** Bytes as they come, for streams that carry no frames; undefined at the end. */
  async raw(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!this.#hasBytes && !(await this.#more())) return undefined;
    this.remaining = 0;
    const rest = this.#chunk.subarray(this.#at);
    this.#at = this.#chunk.length;
    return rest;
  }

  /** Stops reading: the peer gets the code of the error, callers that still read get the reason. */
  cancel(error: StreamError, reason: unknown = error): void {
    if (this.isEnded || this.#cancelled) return;
    this.#cancelled = { reason };
    this.#source.cancel(error).catch(ignore);
  }

  /** Throws the reason if reading was given up. */
  throwIfCancelled(): void {
    if (this.#cancelled) throw this.#cancelled.reason;
  }

  get #hasBytes(): boolean {
    return this.#at < this.#chunk.length;
  }

  async #more(): Promise<boolean> {
    if (this.isEnded) return false;
    for (;;) {
      this.throwIfCancelled();
      let result: ReadableStreamReadResult<Uint8Array<ArrayBuffer>>;
      try {
        result = await this.#source.read();
      } catch (error) {
        this.isBroken = true;
        throw error;
      }
      const { done, value } = result;
      this.throwIfCancelled(); // a cancelled stream reads as if it had ended well
      if (done) {
        this.isEnded = true;
        return false;
      }
      if (value.length === 0) continue;
      this.#chunk = value;
      this.#at = 0;
      return true;
    }
  }

  #take(most: number): Uint8Array<ArrayBuffer> {
    const start = this.#at;
    const end = Math.min(this.#chunk.length, start + most);
    this.#at = end;
    this.remaining -= end - start;
    return start === 0 && end === this.#chunk.length
      ? this.#chunk
      : this.#chunk.subarray(start, end);
  }

  /** A variable-length integer, if all of it has come; or -1. */
  #varintAtHand(): number {
    if (!this.#hasBytes) return -1;
    const first = this.#chunk[this.#at]!;
    const size = 1 << (first >>> 6);
    if (this.#at + size > this.#chunk.length) return -1;
    let value = first & 0x3f;
    for (let i = 1; i < size; i++) value = value * 256 + this.#chunk[this.#at + i]!;
    this.#at += size;
    this.headerSize += size;
    return value;
  }

  async #slowVarint(): Promise<number> {
    let value = 0;
    let size = 1;
    for (let i = 0; i < size; i++) {
      if (!this.#hasBytes && !(await this.#more())) throw truncated();
      const byte = this.#chunk[this.#at++]!;
      if (i === 0) size = 1 << (byte >>> 6);
      value = i === 0 ? byte & 0x3f : value * 256 + byte;
    }
    this.headerSize += size;
    return value;
  }
}

/**
 * A copy of a small piece: otherwise a peer could make us hold a large chunk for each byte that is
 * kept.
 */
export function frugal(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return 2 * bytes.length < bytes.buffer.byteLength ? bytes.slice() : bytes;
}

function truncated(): ApplicationError {
  // RFC 9114, Section 7.1: a stream must not end within a frame.
  return new ApplicationError(H3ErrorCode.FrameError, "Cannot read a frame cut off by its stream");
}

function ignore(): void {}
