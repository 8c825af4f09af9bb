// Puts the received bytes of a stream in order, in memory that is bounded by what arrived.

import { RangeSet } from "../bytes/range_set.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { LEAST_FRAGMENT_DENSITY, MAX_STREAM_RANGES } from "../limits/limits.ts";
import { BufferMemory } from "./buffer_memory.ts";
import { overlaps } from "./copy_count.ts";
import { Fragments } from "./fragments.ts";

/** Bytes of a whole chunk; chunks lie side by side from `#origin` on. */
const CHUNK = 65_536;
/** Room that a chunk has at least. */
const SMALLEST_CHUNK = 16;

/** The first bytes of a part of the stream. */
interface Chunk {
  /** All that came of the part within their length lies here; the rest lies in fragments. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** By how much they are more than twice what has come. */
  debt: number;
}

/**
 * Puts a stream's bytes in order: copied out of the packet, read in pieces of any size.
 *
 * Memory is bounded by what came, not by where it lies. A chunk is at most twice as long as what has
 * come of its part; what comes beyond that length, apart from the others, waits in `Fragments`
 * until the chunk may be longer. Behind the first bytes of a stream, chunks may begin in debt.
 */
export class ReceiveBuffer {
  /** Offset of the next byte to read. */
  offset = 0;
  /** Everything before this offset has arrived. */
  contiguousEnd = 0;
  /** What has arrived beyond `contiguousEnd`. */
  readonly #ahead = new RangeSet();
  #bytesAhead = 0;
  readonly #memory: BufferMemory;
  readonly #maxRanges: number;
  /** By number. */
  readonly #chunks = new Map<number, Chunk>();
  #fragments: Fragments | undefined;
  /** Where the chunk of number 0 begins. */
  #origin = 0;
  /** The chunk that holds `offset`. */
  #firstChunk = 0;
  /** Ranges that were counted for the connection. */
  #rangesCounted = 0;
  /** The error for too many fragments. */
  readonly #errorCode: number;

  /** @param memory Where the connection counts what is allocated. */
  constructor(
    memory: BufferMemory = new BufferMemory(),
    maxRanges: number = MAX_STREAM_RANGES,
    errorCode: number = ErrorCode.InternalError,
  ) {
    this.#memory = memory;
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
    let held = this.#fragments?.bytesHeld ?? 0;
    for (const chunk of this.#chunks.values()) held += chunk.bytes.length;
    return held;
  }

  /** Takes a copy of what arrived at `offset`; what is known already is passed over. */
  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    if (end <= this.contiguousEnd || data.length === 0) return;
    const start = Math.max(offset, this.contiguousEnd);
    this.#store(start, start === offset ? data : data.subarray(start - offset));
    if (start > this.contiguousEnd) this.#addAhead(start, end);
    else this.#advance(end);
  }

  /** The next bytes in order, at most `maxBytes` of them, in an array of their own. */
  read(maxBytes: number): Uint8Array<ArrayBuffer> | undefined {
    const length = Math.min(maxBytes, this.readable);
    if (length <= 0) return undefined;
    const first = this.#chunks.get(this.#firstChunk)?.bytes;
    const isWhole = this.offset === this.#startOf(this.#firstChunk) && first?.length === CHUNK;
    if (length >= CHUNK && isWhole) {
      this.#drop(this.#firstChunk); // a whole chunk changes hands without a copy
      this.#moveTo(this.offset + CHUNK);
      return first;
    }
    const data = new Uint8Array(length);
    this.#copyInto(data);
    this.#moveTo(this.offset + length);
    return data;
  }

  /** Drops everything that has arrived. */
  discard(): void {
    for (const number of this.#chunks.keys()) this.#drop(number);
    this.#fragments?.clear();
    this.#memory.addFragmentBytes(-this.#bytesAhead);
    this.#ahead.clear();
    this.#bytesAhead = 0;
    this.#countRanges();
    this.offset = this.contiguousEnd;
    this.#origin = this.offset;
    this.#firstChunk = 0;
  }

  #startOf(number: number): number {
    return this.#origin + number * CHUNK;
  }

  /** How many bytes have come of a part that begins at `offset` or later, or in the same chunk. */
  #arrived(start: number, end: number): number {
    const inOrder = Math.max(0, Math.min(this.contiguousEnd, end) - start);
    return inOrder + this.#ahead.countBetween(start, end);
  }

  #advance(end: number): void {
    this.contiguousEnd = end;
    if (this.#ahead.isEmpty) return;
    while (!this.#ahead.isEmpty && this.#ahead.first <= this.contiguousEnd) {
      const length = this.#ahead.endAt(0) - this.#ahead.first;
      this.#bytesAhead -= length;
      this.#memory.addFragmentBytes(-length);
      this.contiguousEnd = Math.max(this.contiguousEnd, this.#ahead.endAt(0));
      this.#ahead.removeFirstRange();
    }
    this.#countRanges();
  }

  #addAhead(start: number, end: number): void {
    const fresh = this.#ahead.add(start, end);
    this.#bytesAhead += fresh;
    this.#memory.addFragmentBytes(fresh);
    this.#countRanges();
    // Two paths of unequal delay leave a gap per packet, thousands at a high rate; only crumbs
    // cost more to keep than they bring.
    const { fragments, fragmentBytes } = this.#memory;
    if (
      isCrumbs(this.#ahead.count, this.#bytesAhead, this.#maxRanges) ||
      isCrumbs(fragments, fragmentBytes, MAX_STREAM_RANGES)
    ) {
      throw new TransportError(
        this.#errorCode,
        `Cannot put the stream together: ${this.#ahead.count} fragments hold only ${this.#bytesAhead} bytes, and ${fragments} those of all streams`,
      );
    }
  }

  /** Tells the connection how many ranges there are, but for one of each stream. */
  #countRanges(): void {
    const ranges = Math.max(0, this.#ahead.count - 1);
    this.#memory.addFragments(ranges - this.#rangesCounted);
    this.#rangesCounted = ranges;
  }

  #store(offset: number, data: Uint8Array): void {
    let number = Math.floor((offset - this.#origin) / CHUNK);
    let within = offset - this.#startOf(number);
    for (let done = 0; done < data.length; number++) {
      const part = Math.min(data.length - done, CHUNK - within);
      const piece = part === data.length ? data : data.subarray(done, done + part);
      const bytes = this.#bytesFor(number, within, part);
      const room = (bytes?.length ?? 0) - within;
      if (room >= part) {
        bytes!.set(piece, within);
      } else {
        const here = Math.max(0, room);
        if (here > 0) bytes!.set(piece.subarray(0, here), within);
        this.#keepApart(offset + done + here, piece.subarray(here));
      }
      done += part;
      within = 0;
    }
  }

  /** Puts bytes away that lie too far from others for a chunk; those known are passed over. */
  #keepApart(start: number, data: Uint8Array): void {
    this.#fragments ??= new Fragments(this.#memory);
    const end = start + data.length;
    let from = start;
    for (const [known, knownEnd] of overlaps(this.#ahead, start, end)) {
      if (from < known) this.#fragments.put(from, data.subarray(from - start, known - start));
      from = knownEnd;
    }
    if (from < end) this.#fragments.put(from, data.subarray(from - start));
  }

  /** The bytes of a chunk that a part of it comes for; made, or made longer, if that is due. */
  #bytesFor(number: number, within: number, part: number): Uint8Array<ArrayBuffer> | undefined {
    const chunk = this.#chunks.get(number);
    const length = chunk?.bytes.length ?? 0;
    if (length >= within + part) {
      if (chunk!.debt > 0) this.#payOff(chunk!, this.#startOf(number) + within, part);
      return chunk!.bytes;
    }
    const start = this.#startOf(number);
    const fresh = this.#freshIn(start + within, part);
    const debt = Math.max(0, CHUNK - 2 * (this.#arrived(start, start + CHUNK) + fresh));
    // The first bytes of a stream may be all there are.
    if (debt === 0 || (start >= CHUNK && this.#memory.lend(debt))) {
      return this.#lengthen(number, CHUNK, debt);
    }
    let size = SMALLEST_CHUNK;
    while (size < within + part) size *= 2;
    const isPaid = 2 * (this.#arrived(start, start + size) + fresh) >= size;
    return isPaid || size === SMALLEST_CHUNK ? this.#lengthen(number, size, 0) : chunk?.bytes;
  }

  #lengthen(number: number, size: number, debt: number): Uint8Array<ArrayBuffer> {
    const old = this.#chunks.get(number)?.bytes;
    const length = old?.length ?? 0;
    const bytes = new Uint8Array(size);
    if (old) bytes.set(old);
    if (this.#fragments && this.#fragments.count > 0) {
      const start = this.#startOf(number);
      this.#fragments.copy(start + length, start + size, bytes, length);
      this.#fragments.remove(start + length, start + size);
    }
    this.#memory.add(size - length);
    this.#chunks.set(number, { bytes, debt });
    return bytes;
  }

  /** How many bytes of a part that comes are new. */
  #freshIn(start: number, length: number): number {
    return this.#ahead.isEmpty ? length : length - this.#ahead.countBetween(start, start + length);
  }

  #payOff(chunk: Chunk, start: number, length: number): void {
    const paid = Math.min(chunk.debt, 2 * this.#freshIn(start, length));
    chunk.debt -= paid;
    this.#memory.settle(paid);
  }

  #copyInto(data: Uint8Array): void {
    let number = this.#firstChunk;
    let within = this.offset - this.#startOf(number);
    for (let done = 0; done < data.length; number++) {
      const part = Math.min(data.length - done, CHUNK - within);
      const bytes = this.#chunks.get(number)?.bytes;
      const here = Math.max(0, Math.min(part, (bytes?.length ?? 0) - within));
      if (here > 0) data.set(bytes!.subarray(within, within + here), done);
      if (here < part) {
        const start = this.offset + done;
        this.#fragments!.copy(start + here, start + part, data, done + here);
      }
      done += part;
      within = 0;
    }
  }

  /** Moves the reading offset, and lets go of what was passed. */
  #moveTo(offset: number): void {
    const before = this.offset;
    this.offset = offset;
    this.#memory.onRead(offset - before);
    if (offset === this.contiguousEnd && this.#ahead.isEmpty) return this.#restart();
    if (this.#fragments && this.#fragments.count > 0) this.#fragments.remove(before, offset);
    const first = Math.floor((offset - this.#origin) / CHUNK);
    while (this.#firstChunk < first) this.#drop(this.#firstChunk++);
  }

  /** Everything was read: the next chunk begins here, as a whole one if it may be in debt. */
  #restart(): void {
    const chunk = this.#chunks.get(Math.floor((this.offset - this.#origin) / CHUNK));
    for (const number of this.#chunks.keys()) this.#drop(number);
    this.#fragments?.clear();
    this.#origin = this.offset;
    this.#firstChunk = 0;
    if (chunk?.bytes.length !== CHUNK || !this.#memory.lend(CHUNK)) return;
    chunk.debt = CHUNK;
    this.#memory.add(CHUNK);
    this.#chunks.set(0, chunk);
  }

  #drop(number: number): void {
    const chunk = this.#chunks.get(number);
    if (chunk === undefined) return;
    this.#chunks.delete(number);
    this.#memory.add(-chunk.bytes.length);
    this.#memory.settle(chunk.debt);
  }
}

/** Whether ranges are many, and short: whole packets are not. */
function isCrumbs(ranges: number, bytes: number, most: number): boolean {
  return ranges > most && bytes < ranges * LEAST_FRAGMENT_DENSITY;
}
