// The bytes that were written to a stream, until they are acknowledged.

import { giveBack } from "../bytes/bytes.ts";
import { RangeSet } from "../bytes/range_set.ts";
import { BufferMemory } from "./buffer_memory.ts";
import { CopyCount, firstEndingAfter, overlaps } from "./copy_count.ts";

/** Room of the largest chunk; the others have so many times the smallest. */
const LARGEST_CHUNK = 65_536;
const SMALLEST_CHUNK = 64;
/** Chunks from this size on give their memory back without waiting for the collector. */
const LARGE_CHUNK = 4_096;

/** A part of the stream, with room for more at its end if it is the last. */
interface Chunk {
  readonly start: number;
  /** Where its room ends. */
  readonly end: number;
  /** Nothing any more, once all of it was acknowledged. */
  bytes: Uint8Array<ArrayBuffer>;
}

const NOTHING = new Uint8Array(0);

/**
 * What was written to a stream until it is acknowledged: copied once, found by offset.
 *
 * Every byte is fresh (`sentEnd` to `end`), in flight, lost or acknowledged. Chunks are as large as
 * what is kept: a stream on which little waits has small ones, however long it is.
 */
export class SendBuffer {
  /** Offset behind the last byte that was written. */
  end = 0;
  /** Offset behind the last byte that was ever sent. */
  sentEnd = 0;
  /** Bytes that must be sent again. */
  bytesLost = 0;
  /** Everything before was acknowledged, and is gone. */
  #base = 0;
  /** What was acknowledged beyond `#base`. */
  readonly #acknowledged = new RangeSet();
  readonly #lost = new RangeSet();
  readonly #copies = new CopyCount();
  /** One behind the other; the first holds the offset `#base`. */
  readonly #chunks: Chunk[] = [];
  /** A used chunk kept for the next write, so that a long stream needs no new ones. */
  #spare: Uint8Array<ArrayBuffer> | undefined;
  readonly #memory: BufferMemory;

  /** @param memory Where the connection counts what is allocated. */
  constructor(memory: BufferMemory = new BufferMemory()) {
    this.#memory = memory;
  }

  /** Bytes written that were never sent. */
  get bytesQueued(): number {
    return this.end - this.sentEnd;
  }

  /** Whether all that was written has been acknowledged. */
  get isAllAcknowledged(): boolean {
    return this.#base === this.end;
  }

  /** Everything before this offset was acknowledged. */
  get acknowledgedTo(): number {
    return this.#base;
  }

  /** Where the first lost range begins; -1 if nothing is lost. */
  get lostStart(): number {
    return this.#lost.first;
  }

  /** Where the first lost range ends (exclusive); only if something is lost. */
  get lostEnd(): number {
    return this.#lost.endAt(0);
  }

  /** Memory taken, in bytes. */
  get bytesHeld(): number {
    let held = this.#spare?.length ?? 0;
    for (const { bytes } of this.#chunks) held += bytes.length;
    return held;
  }

  /** Appends a copy of `data`. */
  write(data: Uint8Array): void {
    for (let done = 0; done < data.length;) {
      const left = data.length - done;
      const last = this.#chunks.at(-1);
      const chunk = last && last.end > this.end ? last : this.#append(left);
      const part = Math.min(left, chunk.end - this.end);
      const piece = part === data.length ? data : data.subarray(done, done + part);
      chunk.bytes.set(piece, this.end - chunk.start);
      this.end += part;
      done += part;
    }
  }

  /** Copies `length` bytes from `offset` on into `target` at `at`. */
  copyInto(target: Uint8Array, at: number, offset: number, length: number): void {
    const end = offset + length;
    let from = offset;
    for (let i = this.#indexAt(offset); from < end; i++) {
      const { start, end: chunkEnd, bytes } = this.#chunks[i]!;
      const to = Math.min(end, chunkEnd);
      target.set(bytes.subarray(from - start, to - start), at + from - offset);
      from = to;
    }
  }

  /** Notes that `length` bytes, fresh ones, are in flight now. */
  onSent(length: number): void {
    this.sentEnd += length;
  }

  /** Notes that a lost range is in flight again. */
  onSentAgain(start: number, end: number): void {
    this.bytesLost -= this.#lost.remove(start, end);
  }

  /** Notes one more copy of a range that is in flight. */
  onCopied(start: number, end: number): void {
    this.#copies.add(start, end);
  }

  /** A packet with this range arrived, be it late. */
  acknowledge(start: number, end: number): void {
    const to = Math.min(end, this.sentEnd);
    if (to <= this.#base || start >= to) return;
    if (this.bytesLost > 0) this.bytesLost -= this.#lost.remove(start, to);
    if (!this.#copies.isEmpty) this.#copies.forget(start, to);
    if (start > this.#base) {
      this.#acknowledged.add(start, to);
      this.#drain(start, to);
      return;
    }
    let base = to;
    while (!this.#acknowledged.isEmpty && this.#acknowledged.first <= base) {
      base = Math.max(base, this.#acknowledged.endAt(0));
      this.#acknowledged.removeFirstRange();
    }
    this.#release(base);
  }

  /** A packet with this range was lost; what has no other copy under way must be sent again. */
  markLost(start: number, end: number): void {
    const from = Math.max(start, this.#base);
    const to = Math.min(end, this.sentEnd);
    if (from >= to) return;
    if (this.#copies.isEmpty) this.#addLost(from, to);
    else this.#copies.takeOne(from, to, (first, last) => this.#addLost(first, last));
  }

  /** The first range at or after `offset` that is in flight, of `limit` bytes at most. */
  nextInFlight(offset: number, limit: number): [start: number, end: number] | undefined {
    let start = Math.max(offset, this.#base);
    for (;;) {
      const past = Math.max(
        endOfRangeAt(this.#acknowledged, start),
        endOfRangeAt(this.#lost, start),
      );
      if (past <= start) break;
      start = past;
    }
    if (start >= this.sentEnd) return undefined;
    const end = Math.min(
      start + limit,
      this.sentEnd,
      startOfRangeAfter(this.#acknowledged, start),
      startOfRangeAfter(this.#lost, start),
    );
    return [start, end];
  }

  /** Whether something of a range is in flight, and nothing of it more often than once. */
  isInFlightOnce(start: number, end: number): boolean {
    const range = this.nextInFlight(start, end - start);
    return range !== undefined && range[0] < end && !this.#copies.has(start, end);
  }

  /** Makes everything fresh again: the peer threw away what it got. */
  restart(): void {
    // 0-RTT data are never acknowledged before they are rejected, so that nothing is gone yet.
    this.sentEnd = this.#base;
    this.#lost.clear();
    this.#acknowledged.clear();
    this.#copies.clear();
    this.bytesLost = 0;
  }

  /** Drops what was never sent from `end` on. */
  cut(end: number): void {
    this.end = Math.max(this.sentEnd, Math.min(this.end, end));
  }

  /** Lets go of the chunk that is kept for the next write, if all before is acknowledged. */
  rest(): void {
    if (this.isAllAcknowledged) this.#letGo();
  }

  /** Drops all bytes: nothing will be sent any more. */
  discard(): void {
    this.end = this.sentEnd;
    this.#release(this.end);
    this.#letGo();
    this.#lost.clear();
    this.#acknowledged.clear();
    this.#copies.clear();
    this.bytesLost = 0;
  }

  #addLost(start: number, end: number): void {
    this.bytesLost += this.#lost.add(start, end);
    for (const [from, to] of overlaps(this.#acknowledged, start, end)) {
      this.bytesLost -= this.#lost.remove(from, to);
    }
  }

  /** A new chunk at the end, for `length` bytes or some of them. */
  #append(length: number): Chunk {
    const start = this.end;
    const wanted = Math.max(length, (start - this.#base) / 2);
    const size = Math.min(LARGEST_CHUNK, Math.ceil(wanted / SMALLEST_CHUNK) * SMALLEST_CHUNK);
    let bytes = this.#spare;
    if (bytes?.length === size) {
      this.#spare = undefined;
    } else {
      bytes = new Uint8Array(size);
      this.#memory.add(size);
    }
    const chunk = { start, end: start + size, bytes };
    this.#chunks.push(chunk);
    return chunk;
  }

  /** Index of the chunk that holds `offset`. */
  #indexAt(offset: number): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (chunks[middle]!.end > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Lets go of the bytes of chunks that were acknowledged before what lies ahead of them. */
  #drain(start: number, end: number): void {
    for (let i = this.#indexAt(start); i < this.#chunks.length - 1; i++) {
      const chunk = this.#chunks[i]!;
      if (chunk.start >= end) return;
      if (!this.#acknowledged.covers(chunk.start, chunk.end)) continue;
      this.#free(chunk.bytes);
      chunk.bytes = NOTHING;
    }
  }

  /** Lets go of everything before `base`. */
  #release(base: number): void {
    this.#base = base;
    const chunks = this.#chunks;
    // All of an idle stream was sent: its next chunk is as large as what comes then.
    if (base === this.end) return this.#letGo();
    let passed = 0;
    while (chunks[passed]!.end <= base) this.#keepSpare(chunks[passed++]!.bytes);
    if (passed > 0) chunks.splice(0, passed);
  }

  /** Keeps the last large chunk that was passed. */
  #keepSpare(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length < LARGEST_CHUNK || this.#spare !== undefined) {
      this.#free(bytes);
    } else {
      this.#spare = bytes;
    }
  }

  #letGo(): void {
    for (const { bytes } of this.#chunks) this.#free(bytes);
    this.#chunks.length = 0;
    if (this.#spare) this.#free(this.#spare);
    this.#spare = undefined;
  }

  #free(bytes: Uint8Array<ArrayBuffer>): void {
    this.#memory.add(-bytes.length);
    if (bytes.length >= LARGE_CHUNK) giveBack(bytes);
  }
}

/** Where the range that holds `value` ends; `value` if none does. */
function endOfRangeAt(ranges: RangeSet, value: number): number {
  const index = firstEndingAfter(ranges, value);
  return index < ranges.count && ranges.startAt(index) <= value ? ranges.endAt(index) : value;
}

/** Where the next range after `value` begins, `value` being in none. */
function startOfRangeAfter(ranges: RangeSet, value: number): number {
  const index = firstEndingAfter(ranges, value);
  return index < ranges.count ? ranges.startAt(index) : Infinity;
}
