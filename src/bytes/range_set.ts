/**
 * A set of whole numbers kept as disjoint, ascending ranges in one flat array.
 *
 * Ranges are half-open: `start` belongs to the set, `end` does not. The array is short in practice
 * (one range when nothing is missing), so look-ups are binary and changes shift the tail.
 */
export class RangeSet {
  /** start, end, start, end, ... in ascending order. */
  #bounds: number[] = [];

  /** How many ranges there are. */
  get count(): number {
    return this.#bounds.length >>> 1;
  }

  get isEmpty(): boolean {
    return this.#bounds.length === 0;
  }

  /** The smallest number in the set, or -1. */
  get first(): number {
    return this.isEmpty ? -1 : this.#bounds[0]!;
  }

  /** The largest number in the set, or -1. */
  get last(): number {
    return this.isEmpty ? -1 : this.#bounds[this.#bounds.length - 1]! - 1;
  }

  /** Where the range at `index` begins. */
  startAt(index: number): number {
    return this.#bounds[index * 2]!;
  }

  /** Where the range at `index` ends (exclusive). */
  endAt(index: number): number {
    return this.#bounds[index * 2 + 1]!;
  }

  /** How many numbers are in the set. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < this.#bounds.length; i += 2) {
      size += this.#bounds[i + 1]! - this.#bounds[i]!;
    }
    return size;
  }

  has(value: number): boolean {
    const index = this.#firstEndingAfter(value);
    return index < this.#bounds.length && this.#bounds[index]! <= value;
  }

  /** The smallest number from `start` on that is not in the set. */
  nextOutside(start: number): number {
    const index = this.#firstEndingAfter(start);
    const isInside = index < this.#bounds.length && this.#bounds[index]! <= start;
    return isInside ? this.#bounds[index + 1]! : start;
  }

  /** Whether every number from `start` to before `end` is in the set. */
  covers(start: number, end: number): boolean {
    if (start >= end) return true;
    const index = this.#firstEndingAfter(start);
    return index < this.#bounds.length && this.#bounds[index]! <= start &&
      this.#bounds[index + 1]! >= end;
  }

  /** How many numbers from `start` to before `end` are in the set. */
  countBetween(start: number, end: number): number {
    const bounds = this.#bounds;
    let count = 0;
    for (let i = this.#firstEndingAfter(start); i < bounds.length && bounds[i]! < end; i += 2) {
      count += Math.min(bounds[i + 1]!, end) - Math.max(bounds[i]!, start);
    }
    return count;
  }

  /** Adds `start` to before `end`; returns how many of them are new. */
  add(start: number, end: number): number {
    if (start >= end) return 0;
    const bounds = this.#bounds;
    const length = bounds.length;
    // The common cases: behind the last range, or growing it.
    if (length === 0) {
      this.#bounds = [start, end]; // most have one range, and what grows takes room for sixteen
      return end - start;
    }
    if (start > bounds[length - 1]!) {
      bounds.push(start, end);
      return end - start;
    }
    if (start === bounds[length - 1]!) {
      bounds[length - 1] = end;
      return end - start;
    }
    // Every range that touches [start, end] melts into one.
    const from = this.#firstEndingAfter(start - 1);
    let to = from;
    let low = start;
    let high = end;
    let known = 0;
    while (to < length && bounds[to]! <= end) {
      const rangeStart = bounds[to]!;
      const rangeEnd = bounds[to + 1]!;
      known += Math.max(0, Math.min(rangeEnd, end) - Math.max(rangeStart, start));
      low = Math.min(low, rangeStart);
      high = Math.max(high, rangeEnd);
      to += 2;
    }
    if (to - from === 2) {
      bounds[from] = low;
      bounds[from + 1] = high;
    } else {
      bounds.splice(from, to - from, low, high);
    }
    return end - start - known;
  }

  /** Removes `start` to before `end`; returns how many of them were in the set. */
  remove(start: number, end: number): number {
    if (start >= end) return 0;
    const bounds = this.#bounds;
    const from = this.#firstEndingAfter(start);
    let to = from;
    let removed = 0;
    let head = -1;
    let tail = -1;
    while (to < bounds.length && bounds[to]! < end) {
      const rangeStart = bounds[to]!;
      const rangeEnd = bounds[to + 1]!;
      removed += Math.min(rangeEnd, end) - Math.max(rangeStart, start);
      if (rangeStart < start) head = rangeStart;
      if (rangeEnd > end) tail = rangeEnd;
      to += 2;
    }
    if (removed === 0) return 0;
    const kept: number[] = [];
    if (head >= 0) kept.push(head, start);
    if (tail >= 0) kept.push(end, tail);
    bounds.splice(from, to - from, ...kept);
    return removed;
  }

  /** Removes the range with the smallest numbers. */
  removeFirstRange(): void {
    this.#bounds.splice(0, 2);
  }

  clear(): void {
    this.#bounds = [];
  }

  /** Index into the flat array of the first range that ends after `value`. */
  #firstEndingAfter(value: number): number {
    const bounds = this.#bounds;
    let low = 0;
    let high = bounds.length >>> 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (bounds[middle * 2 + 1]! > value) high = middle;
      else low = middle + 1;
    }
    return low * 2;
  }
}
