// Counts how often ranges of a stream are in flight.

import { RangeSet } from "../bytes/range_set.ts";

/**
 * Which ranges are in flight more often than once, and how many times more.
 *
 * Level 0 holds what is in flight at least twice, level 1 what is at least three times, and so on;
 * each level lies within the one before.
 */
export class CopyCount {
  readonly #levels: RangeSet[] = [];

  /** Whether nothing is in flight more than once. */
  get isEmpty(): boolean {
    return this.#levels.length === 0 || this.#levels[0]!.isEmpty;
  }

  /** Whether anything between `start` and `end` is in flight more often than once. */
  has(start: number, end: number): boolean {
    return overlaps(this.#levels[0], start, end).length > 0;
  }

  /** Counts one more copy of `start` to before `end`. */
  add(start: number, end: number): void {
    this.#addAt(0, start, end);
  }

  /** Forgets all copies of `start` to before `end`. */
  forget(start: number, end: number): void {
    for (const level of this.#levels) level.remove(start, end);
  }

  /** Forgets everything. */
  clear(): void {
    this.#levels.length = 0;
  }

  /** Takes one copy of each number away; calls `onLast` with the ranges that had none to spare. */
  takeOne(start: number, end: number, onLast: (start: number, end: number) => void): void {
    let at = start;
    for (const [from, to] of overlaps(this.#levels[0], start, end)) {
      if (at < from) onLast(at, from);
      this.#dropAt(0, from, to);
      at = to;
    }
    if (at < end) onLast(at, end);
  }

  #addAt(level: number, start: number, end: number): void {
    if (level === this.#levels.length) this.#levels.push(new RangeSet());
    const ranges = this.#levels[level]!;
    for (const [from, to] of overlaps(ranges, start, end)) this.#addAt(level + 1, from, to);
    ranges.add(start, end);
  }

  /** Lowers the count of a range that lies within `level`: its highest level lets go of it. */
  #dropAt(level: number, start: number, end: number): void {
    let at = start;
    for (const [from, to] of overlaps(this.#levels[level + 1], start, end)) {
      this.#levels[level]!.remove(at, from);
      this.#dropAt(level + 1, from, to);
      at = to;
    }
    this.#levels[level]!.remove(at, end);
  }
}

/** The parts of `ranges` between `start` and `end`, in ascending order. */
export function overlaps(
  ranges: RangeSet | undefined,
  start: number,
  end: number,
): [start: number, end: number][] {
  const found: [number, number][] = [];
  if (!ranges) return found;
  for (let i = firstEndingAfter(ranges, start); i < ranges.count; i++) {
    if (ranges.startAt(i) >= end) break;
    found.push([Math.max(start, ranges.startAt(i)), Math.min(end, ranges.endAt(i))]);
  }
  return found;
}

/** Index of the first range that ends after `value`. */
export function firstEndingAfter(ranges: RangeSet, value: number): number {
  let low = 0;
  let high = ranges.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges.endAt(middle) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
