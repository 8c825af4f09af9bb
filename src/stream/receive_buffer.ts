import { RangeSet } from "../bytes/range_set.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { LEAST_FRAGMENT_DENSITY, MAX_STREAM_RANGES } from "../limits/limits.ts";

/** Bytes are kept in chunks of this size, each at a multiple of it in the stream. */
const CHUNK = 65_536;
/** Room a stream's first chunk has at least; it doubles as the stream grows. */
const SMALLEST_CHUNK = 512;

/**
 * Puts a stream's bytes in order: copied once out of the packet, read in pieces of any size.
 *
 * Memory is bounded by the window, as the chunks between what was read and the limit are all there
 * can be.
 */
export class ReceiveBuffer {
  /** Offset of the next byte to read. */
  offset = 0;
  /** Everything before this offset has arrived. */
  contiguousEnd = 0;
  /** What has arrived beyond `contiguousEnd`. */
  readonly #ahead = new RangeSet();
  #bytesAhead = 0;
  readonly #maxRanges: number;
  /** By number of the chunk in the stream, less `#firstChunk`; holes are `undefined`. */
  readonly #chunks: (Uint8Array<ArrayBuffer> | undefined)[] = [];
  #firstChunk = 0;
  #spare: Uint8Array<ArrayBuffer> | undefined;

  /** The error for too many fragments. */
  readonly #errorCode: number;

  constructor(maxRanges = MAX_STREAM_RANGES, errorCode: number = ErrorCode.InternalError) {
    this.#maxRanges = maxRanges;
    this.#errorCode = errorCode;
  }

  /** Bytes that can be read now. */
  get readable(): number {
    return this.contiguousEnd - this.offset;
  }

  /** How many separate ranges wait for bytes before them. */
  get rangesAhead(): number {
    return this.#ahead.count;
  }

  /** Memory taken, in bytes. */
  get bytesHeld(): number {
    let held = this.#spare?.length ?? 0;
    for (const chunk of this.#chunks) held += chunk?.length ?? 0;
    return held;
  }

  /** Takes a copy of what arrived at `offset`; what is known already is passed over. */
  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    if (end <= this.contiguousEnd || data.length === 0) return;
    if (offset === this.contiguousEnd) {
      this.#copy(offset, data);
    } else {
      const start = Math.max(offset, this.contiguousEnd);
      this.#copy(start, start === offset ? data : data.subarray(start - offset));
    }
    if (offset > this.contiguousEnd) this.#addAhead(offset, end);
    else this.#advance(end);
  }

  /** The next bytes in order, at most `maxBytes` of them, in an array of their own. */
  read(maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const length = Math.min(maxBytes, this.readable);
    if (length <= 0) return undefined;
    const first = this.#chunks[0]!;
    if (length >= CHUNK && this.offset === this.#firstChunk * CHUNK) {
      this.#moveTo(this.offset + CHUNK);
      return first; // a whole chunk changes hands without a copy
    }
    const data = new Uint8Array(length);
    let within = this.offset - this.#firstChunk * CHUNK;
    let done = 0;
    for (let i = 0; done < length; i++) {
      const part = Math.min(length - done, CHUNK - within);
      data.set(this.#chunks[i]!.subarray(within, within + part), done);
      done += part;
      within = 0;
    }
    this.#recycle(this.offset + length);
    return data;
  }

  /** Drops everything that has arrived. */
  discard(): void {
    this.#chunks.length = 0;
    this.#spare = undefined;
    this.#ahead.clear();
    this.#bytesAhead = 0;
    this.offset = this.contiguousEnd;
    this.#firstChunk = Math.floor(this.offset / CHUNK);
  }

  #advance(end: number): void {
    this.contiguousEnd = end;
    while (!this.#ahead.isEmpty && this.#ahead.first <= this.contiguousEnd) {
      const start = this.#ahead.first;
      const rangeEnd = this.#ahead.endAt(0);
      this.#bytesAhead -= rangeEnd - start;
      this.contiguousEnd = Math.max(this.contiguousEnd, rangeEnd);
      this.#ahead.removeFirstRange();
    }
  }

  #addAhead(start: number, end: number): void {
    this.#bytesAhead += this.#ahead.add(start, end);
    const { count } = this.#ahead;
    // Two paths of unequal delay leave a gap per packet, thousands at a high rate; only crumbs
    // cost more to keep than they bring.
    if (count > this.#maxRanges && this.#bytesAhead < count * LEAST_FRAGMENT_DENSITY) {
      throw new TransportError(
        this.#errorCode,
        `Cannot put the stream together: ${count} fragments hold only ${this.#bytesAhead} bytes`,
      );
    }
  }

  #copy(offset: number, data: Uint8Array): void {
    let index = Math.floor(offset / CHUNK);
    let within = offset - index * CHUNK;
    let done = 0;
    while (done < data.length) {
      const part = Math.min(data.length - done, CHUNK - within);
      const chunk = this.#chunkFor(index, within + part);
      chunk.set(part === data.length ? data : data.subarray(done, done + part), within);
      done += part;
      within = 0;
      index++;
    }
  }

  /** The chunk `number` of the stream with room for `length` bytes, made or grown as needed. */
  #chunkFor(number: number, length: number): Uint8Array {
    const chunks = this.#chunks;
    const index = number - this.#firstChunk;
    const old = chunks[index];
    if (old && old.length >= length) return old;
    while (chunks.length < index) chunks.push(undefined);
    let chunk: Uint8Array<ArrayBuffer>;
    if (number > 0) {
      chunk = this.#spare ?? new Uint8Array(CHUNK);
      this.#spare = undefined;
    } else {
      let size = SMALLEST_CHUNK;
      while (size < length) size *= 2;
      chunk = new Uint8Array(size);
      if (old) chunk.set(old);
    }
    chunks[index] = chunk;
    return chunk;
  }

  /** Moves the reading offset and keeps one of the chunks that were passed. */
  #recycle(offset: number): void {
    const passed = Math.floor(offset / CHUNK) - this.#firstChunk;
    if (passed > 0) this.#spare = this.#chunks[passed - 1];
    this.#moveTo(offset);
  }

  #moveTo(offset: number): void {
    this.offset = offset;
    const first = Math.floor(offset / CHUNK);
    this.#chunks.splice(0, first - this.#firstChunk);
    this.#firstChunk = first;
  }
}
