// The dynamic table of QPACK (RFC 9204, Section 3.2).

import { fieldLineSize } from "./field_line.ts";

/** A line in the dynamic table. */
export interface TableEntry {
  readonly name: string;
  readonly value: string;
  readonly size: number;
  /** At the encoder: sections under way that refer to it. */
  references: number;
}

/** First in, first out: lines both ends agreed on (RFC 9204, Section 3.2). */
export class DynamicTable {
  /** Bytes the lines may take together. */
  capacity = 0;
  /** Bytes the lines take. */
  size = 0;
  /** Lines inserted in the table's life; the next one's absolute index. */
  insertCount = 0;
  readonly #entries: TableEntry[] = [];

  /** The absolute index of the oldest line still there. */
  get oldest(): number {
    return this.insertCount - this.#entries.length;
  }

  /** The line with an absolute index, unless it is evicted or still to come. */
  get(absolute: number): TableEntry | undefined {
    return this.#entries[absolute - this.oldest];
  }

  /** Changes the capacity; lines beyond it fall out. */
  resize(capacity: number): void {
    this.capacity = capacity;
    this.#evictTo(capacity);
  }

  /** Adds a line, evicting the oldest as needed; false if it could never fit. */
  insert(name: string, value: string): boolean {
    const size = fieldLineSize(name, value);
    if (size > this.capacity) return false;
    this.#evictTo(this.capacity - size);
    this.#entries.push({ name, value, size, references: 0 });
    this.size += size;
    this.insertCount++;
    return true;
  }

  /** How many of the oldest lines must go before `size` bytes fit; -1 if they never do. */
  evictionsFor(size: number): number {
    if (size > this.capacity) return -1;
    let free = this.capacity - this.size;
    let count = 0;
    while (free < size) free += this.#entries[count++]!.size;
    return count;
  }

  /** The youngest line with this name, and this value if one is given, below `end`; or -1. */
  find(name: string, value: string | undefined, end: number): number {
    const oldest = this.oldest;
    for (let i = Math.min(end, this.insertCount) - oldest - 1; i >= 0; i--) {
      const entry = this.#entries[i]!;
      if (entry.name === name && (value === undefined || entry.value === value)) return oldest + i;
    }
    return -1;
  }

  #evictTo(size: number): void {
    let count = 0;
    while (this.size > size) this.size -= this.#entries[count++]!.size;
    if (count > 0) this.#entries.splice(0, count);
  }
}
