// Bytes of a stream that lie far apart, each run found by its offset.

import type { BufferMemory } from "./buffer_memory.ts";

/** Initial room of the arrays, in fragments and in bytes. */
const LEAST_FRAGMENTS = 2;
const LEAST_BYTES = 16;
/**
 * Neighbouring fragments are merged up to this length; to copy longer ones costs more than to list
 * them.
 */
const LONGEST_JOINT = 1_024;
/** A list entry holds a start, and a place times this plus a length, which is below. */
const PLACE = 131_072;

/**
 * Bytes that lie far from one another, each run of them found by its offset: in one array, in the
 * order in which they came, and a list that says where.
 *
 * Both arrays have half as much again as they need when they grow. What is removed leaves holes,
 * which go when an array is full, or when it is three times what lies in it.
 */
export class Fragments {
  readonly #memory: BufferMemory;
  /** Start, place and length of each fragment, in the order of their starts. */
  #list = new Float64Array(0);
  #count = 0;
  #bytes = new Uint8Array(0);
  /** Where the next bytes go. */
  #end = 0;
  /** Bytes that are still wanted. */
  #live = 0;

  constructor(memory: BufferMemory) {
    this.#memory = memory;
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** Memory taken, in bytes. */
  get bytesHeld(): number {
    return this.#list.byteLength + this.#bytes.length;
  }

  /** Takes a copy of `data`, at most 65,536 bytes, none of which are here already. */
  put(start: number, data: Uint8Array): void {
    let index = this.#firstEndingAfter(start);
    this.#reserve(data.length);
    this.#bytes.set(data, this.#end);
    this.#live += data.length;
    if (this.#extends(index - 1, start, data.length)) {
      this.#end += data.length;
      return;
    }
    this.#insert(index, start, this.#end, data.length);
    this.#end += data.length;
    // The lengths of neighbours at least halve from one to the next: few of them make up a run.
    while (this.#joins(index - 1, this.#lengthAt(index))) this.#join(--index);
    while (this.#joins(index, this.#lengthAt(index))) this.#join(index);
  }

  /** Copies what is here of `start` to `end` into `target`, where `start` is at `at`. */
  copy(start: number, end: number, target: Uint8Array, at: number): void {
    for (let i = this.#firstEndingAfter(start); i < this.#count; i++) {
      const from = Math.max(start, this.#startAt(i));
      const to = Math.min(end, this.#endAt(i));
      if (from >= to) return;
      const place = this.#placeAt(i) + from - this.#startAt(i);
      target.set(this.#bytes.subarray(place, place + to - from), at + from - start);
    }
  }

  /** Drops what is here of `start` to `end`. */
  remove(start: number, end: number): void {
    const first = this.#firstEndingAfter(start);
    let i = first;
    let kept = first;
    for (; i < this.#count && this.#startAt(i) < end; i++) {
      const fragmentStart = this.#startAt(i);
      const fragmentEnd = this.#endAt(i);
      const place = this.#placeAt(i);
      this.#live -= Math.min(end, fragmentEnd) - Math.max(start, fragmentStart);
      if (fragmentStart < start) {
        const length = start - fragmentStart;
        if (fragmentEnd > end) return this.#split(i, length, end);
        this.#set(kept++, fragmentStart, place, length);
      } else if (fragmentEnd > end) {
        this.#set(kept++, end, place + end - fragmentStart, fragmentEnd - end);
      }
    }
    this.#list.copyWithin(2 * kept, 2 * i, 2 * this.#count);
    this.#count -= i - kept;
    this.#shrink();
  }

  /** Drops everything. */
  clear(): void {
    this.#count = this.#end = this.#live = 0;
    this.#setList(0);
    this.#setBytes(0);
  }

  /** Leaves `length` bytes of the fragment, and what it has from `rest` on. */
  #split(index: number, length: number, rest: number): void {
    const start = this.#startAt(index);
    const place = this.#placeAt(index) + rest - start;
    const restLength = this.#endAt(index) - rest;
    this.#set(index, start, this.#placeAt(index), length);
    this.#insert(index + 1, rest, place, restLength);
    this.#shrink();
  }

  /** Whether the fragment went on where the bytes lie that now follow it. */
  #extends(index: number, start: number, length: number): boolean {
    if (index < 0 || this.#endAt(index) !== start) return false;
    const total = this.#lengthAt(index) + length;
    if (this.#placeAt(index) + this.#lengthAt(index) !== this.#end || total >= PLACE) return false;
    this.#set(index, this.#startAt(index), this.#placeAt(index), total);
    return true;
  }

  /** Whether the fragment and the one behind it are one, and no longer than `most` each. */
  #joins(index: number, most: number): boolean {
    if (index < 0 || index + 1 >= this.#count || this.#endAt(index) !== this.#startAt(index + 1)) {
      return false;
    }
    const first = this.#lengthAt(index);
    const second = this.#lengthAt(index + 1);
    return first <= most && second <= most && first + second <= LONGEST_JOINT;
  }

  #join(index: number): void {
    const start = this.#startAt(index);
    const length = this.#endAt(index + 1) - start;
    this.#reserve(length);
    const place = this.#end;
    this.copy(start, start + length, this.#bytes, place);
    this.#end += length;
    this.#set(index, start, place, length);
    this.#list.copyWithin(2 * index + 2, 2 * index + 4, 2 * this.#count);
    this.#count--;
  }

  #insert(index: number, start: number, place: number, length: number): void {
    if (2 * this.#count === this.#list.length) {
      this.#setList(Math.max(LEAST_FRAGMENTS, Math.ceil(1.5 * this.#count)));
    }
    this.#list.copyWithin(2 * index + 2, 2 * index, 2 * this.#count);
    this.#count++;
    this.#set(index, start, place, length);
  }

  /** Makes room for `length` bytes at the end. */
  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    this.#setBytes(Math.max(LEAST_BYTES, Math.ceil(1.5 * (this.#live + length))));
  }

  #shrink(): void {
    if (this.#count === 0) return this.clear();
    if (this.#list.length > Math.max(2 * LEAST_FRAGMENTS, 6 * this.#count)) {
      this.#setList(Math.ceil(1.5 * this.#count));
    }
    if (this.#bytes.length > Math.max(LEAST_BYTES, 3 * this.#live)) {
      this.#setBytes(Math.ceil(1.5 * this.#live));
    }
  }

  /** Gives the bytes another array, without the holes. */
  #setBytes(size: number): void {
    const bytes = new Uint8Array(size);
    this.#memory.add(size - this.#bytes.length);
    let end = 0;
    for (let i = 0; i < this.#count; i++) {
      const place = this.#placeAt(i);
      const length = this.#lengthAt(i);
      bytes.set(this.#bytes.subarray(place, place + length), end);
      this.#set(i, this.#startAt(i), end, length);
      end += length;
    }
    this.#bytes = bytes;
    this.#end = end;
  }

  /** Gives the list room for so many fragments. */
  #setList(fragments: number): void {
    const list = new Float64Array(2 * fragments);
    this.#memory.add(list.byteLength - this.#list.byteLength);
    list.set(this.#list.subarray(0, 2 * this.#count));
    this.#list = list;
  }

  #set(index: number, start: number, place: number, length: number): void {
    this.#list[2 * index] = start;
    this.#list[2 * index + 1] = place * PLACE + length;
  }

  #startAt(index: number): number {
    return this.#list[2 * index]!;
  }

  #endAt(index: number): number {
    return this.#startAt(index) + this.#lengthAt(index);
  }

  #placeAt(index: number): number {
    return Math.floor(this.#list[2 * index + 1]! / PLACE);
  }

  #lengthAt(index: number): number {
    return this.#list[2 * index + 1]! % PLACE;
  }

  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#endAt(middle) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
