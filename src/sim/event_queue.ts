// The events of virtual time.

/** What happens at some time. Kept as objects, so that a packet can be its own event. */
export interface SimEvent {
  /** Its time has come. */
  fire(now: number): void;
}

/** Events in virtual time; those of one instant fire in the order they were put in. */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #count = 0;
  #now = 0;

  /** The present, in milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** When the next event fires; `Infinity` when there is none. */
  get next(): number {
    return this.#heap.length > 0 ? this.#heap[0]!.time : Infinity;
  }

  /** Puts an event in. The past is taken to be the present; `Infinity` is never. */
  at(time: number, event: SimEvent): void {
    if (Number.isNaN(time)) throw new RangeError("Cannot put an event at no time");
    if (time === Infinity) return;
    const entry = { time: Math.max(time, this.#now), order: this.#count++, event };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
  }

  /** Calls a function at `time`. */
  call(time: number, action: () => void): void {
    this.at(time, { fire: action });
  }

  /** Moves the present on without an event; never beyond the next one. */
  advance(time: number): void {
    if (time > this.next) throw new RangeError("Cannot pass over an event");
    this.#now = Math.max(this.#now, time);
  }

  /** Fires the next event, and makes its time the present. */
  fireNext(): void {
    const heap = this.#heap;
    const first = heap[0];
    if (!first) return;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.#sink();
    }
    this.#now = first.time;
    first.event.fire(first.time);
  }

  #rise(index: number): void {
    const heap = this.#heap;
    const entry = heap[index]!;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!isBefore(entry, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  #sink(): void {
    const heap = this.#heap;
    const entry = heap[0]!;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, entry)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = entry;
  }
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly event: SimEvent;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
