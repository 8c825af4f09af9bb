// A queue that is emptied in linear time.

/**
 * What waits, in the order in which it came.
 *
 * `Array.shift()` moves all that is left as soon as that is some ten thousand items: a peer that
 * fills such a queue within a moment would have it emptied within minutes.
 */
export class Queue<Item extends object> {
  readonly #items: Item[] = [];
  /** How many of them were taken; they go together with the last. */
  #taken = 0;

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Puts an item behind the others. */
  push(item: Item): void {
    this.#items.push(item);
  }

  /** Takes the item that came first; `undefined` if there is none. */
  take(): Item | undefined {
    const item = this.#items[this.#taken];
    if (item !== undefined && ++this.#taken === this.#items.length) {
      this.#taken = this.#items.length = 0;
    }
    return item;
  }
}
