/** Which of many has the earliest deadline: a binary heap that knows where each one is. */
export class DeadlineHeap<T> {
  readonly #items: T[] = [];
  readonly #times: number[] = [];
  readonly #places = new Map<T, number>();

  /** The earliest deadline; `Infinity` if there is none. */
  get first(): number {
    return this.#times.length > 0 ? this.#times[0]! : Infinity;
  }

  /** Whose it is. */
  get firstItem(): T | undefined {
    return this.#items[0];
  }

  /** The deadline of an item; `Infinity` if it has none. */
  of(item: T): number {
    const place = this.#places.get(item);
    return place === undefined ? Infinity : this.#times[place]!;
  }

  /** Sets the deadline of an item; `Infinity` takes it out. */
  set(item: T, time: number): void {
    const place = this.#places.get(item);
    if (time === Infinity) {
      if (place !== undefined) this.#remove(place);
    } else if (place === undefined) {
      this.#put(this.#items.length, item, time);
      this.#rise(this.#items.length - 1);
    } else if (time !== this.#times[place]) {
      const earlier = time < this.#times[place]!;
      this.#times[place] = time;
      if (earlier) this.#rise(place);
      else this.#sink(place);
    }
  }

  /** Takes out an item whose deadline is at or before `now`. */
  take(now: number): T | undefined {
    if (this.first > now) return undefined;
    const item = this.#items[0]!;
    this.#remove(0);
    return item;
  }

  #remove(place: number): void {
    const item = this.#items[place]!;
    const last = this.#items.pop()!;
    const time = this.#times.pop()!;
    this.#places.delete(item);
    if (place === this.#items.length) return;
    this.#put(place, last, time);
    this.#rise(place);
    this.#sink(this.#places.get(last)!);
  }

  #rise(place: number): void {
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (this.#times[parent]! <= this.#times[place]!) return;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(place: number): void {
    const size = this.#items.length;
    for (;;) {
      let least = 2 * place + 1;
      if (least >= size) return;
      if (least + 1 < size && this.#times[least + 1]! < this.#times[least]!) least++;
      if (this.#times[place]! <= this.#times[least]!) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a]!;
    const time = this.#times[a]!;
    this.#put(a, this.#items[b]!, this.#times[b]!);
    this.#put(b, item, time);
  }

  #put(place: number, item: T, time: number): void {
    this.#items[place] = item;
    this.#times[place] = time;
    this.#places.set(item, place);
  }
}
