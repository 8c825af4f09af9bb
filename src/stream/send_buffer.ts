import { RangeSet } from "../bytes/range_set.ts";
import { CopyCount, firstEndingAfter, overlaps } from "./copy_count.ts";

/** Bytes are kept in chunks of this size, each at a multiple of it in the stream. */
const CHUNK = 65_536;
/** Room a stream's first chunk has at least; it doubles as the stream grows. */
const SMALLEST_CHUNK = 512;

/**
 * What was written to a stream until it is acknowledged: copied once, found by offset.
 *
 * Every byte is fresh (`sentEnd` to `end`), in flight, lost or acknowledged.
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
  /** The first chunk holds the offset `#base`. */
  readonly #chunks: Uint8Array[] = [];
  /** A used chunk kept for the next write, so that a long stream needs no new ones. */
  #spare: Uint8Array | undefined;

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
    for (const chunk of this.#chunks) held += chunk.length;
    return held;
  }

  /** Appends a copy of `data`. */
  write(data: Uint8Array): void {
    let done = 0;
    while (done < data.length) {
      const within = this.end % CHUNK;
      const part = Math.min(data.length - done, CHUNK - within);
      const chunk = this.#chunkFor(within, part);
      if (part === data.length) chunk.set(data, within);
      else chunk.set(data.subarray(done, done + part), within);
      this.end += part;
      done += part;
    }
  }

  /** Copies `length` bytes from `offset` on into `target` at `at`. */
  copyInto(target: Uint8Array, at: number, offset: number, length: number): void {
    let index = Math.floor(offset / CHUNK) - Math.floor(this.#base / CHUNK);
    let within = offset % CHUNK;
    let to = at;
    let left = length;
    while (left > 0) {
      const part = Math.min(left, CHUNK - within);
      target.set(this.#chunks[index]!.subarray(within, within + part), to);
      to += part;
      left -= part;
      within = 0;
      index++;
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

  /** Drops all bytes: nothing will be sent any more. */
  discard(): void {
    this.end = this.sentEnd;
    this.#base = this.end;
    this.#chunks.length = 0;
    this.#spare = undefined;
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

  /** The chunk that takes `length` bytes at `within`, the offset in it, made or grown as needed. */
  #chunkFor(within: number, length: number): Uint8Array {
    const chunks = this.#chunks;
    const index = Math.floor(this.end / CHUNK) - Math.floor(this.#base / CHUNK);
    const old = chunks[index];
    if (old && old.length >= within + length) return old;
    if (this.end >= CHUNK) {
      const chunk = this.#spare ?? new Uint8Array(CHUNK);
      this.#spare = undefined;
      chunks[index] = chunk;
      return chunk;
    }
    let size = SMALLEST_CHUNK;
    while (size < within + length) size *= 2;
    const chunk = new Uint8Array(size);
    if (old) chunk.set(old.subarray(0, within));
    chunks[index] = chunk;
    return chunk;
  }

  /** Lets go of everything before `base`. */
  #release(base: number): void {
    const passed = Math.floor(base / CHUNK) - Math.floor(this.#base / CHUNK);
    this.#base = base;
    if (passed > 0) {
      this.#spare = this.#chunks[passed - 1];
      this.#chunks.splice(0, passed);
    }
    if (base === this.end) this.#spare = undefined; // an idle stream keeps one chunk at most
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
