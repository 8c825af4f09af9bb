// A queue between a connection and a reader that may be absent.

/** What becomes of items that wait in a queue. */
export interface ItemFate<T, U> {
  /** Makes what a reader gets of an item, as it gets it. */
  readonly give: (item: T) => U;
  /** Discards an item that the application will not read. */
  readonly refuse: (item: T) => void;
}

/**
 * Items that arrive by themselves and wait for the reader of a stream. The code that adds items
 * limits how many may wait.
 */
export class ItemQueue<T, U = T> implements UnderlyingDefaultSource<U> {
  readonly #items: T[] = [];
  readonly #fate: ItemFate<T, U>;
  /** Made when it is first asked for: most queues are never read, and a stream is a kilobyte. */
  #readable: ReadableStream<U> | undefined;
  #controller: ReadableStreamDefaultController<U> | undefined;
  #arrival: PromiseWithResolvers<void> | undefined;
  #isOver = false;
  #error: Error | undefined;

  /** @param fate What becomes of items. */
  constructor(fate: ItemFate<T, U>) {
    this.#fate = fate;
  }

  /** A queue of items that are given as they are. */
  static plain<T>(): ItemQueue<T> {
    return new ItemQueue<T>({ give: (item) => item, refuse: ignore });
  }

  /** How many items wait. */
  get length(): number {
    return this.#items.length;
  }

  /** Where the items can be read. */
  get readable(): ReadableStream<U> {
    return this.#readable ??= new ReadableStream(this, { highWaterMark: 0 });
  }

  start(controller: ReadableStreamDefaultController<U>): void {
    this.#controller = controller;
    if (this.#isOver) this.#close();
  }

  pull(): void | Promise<void> {
    if (this.#items.length > 0) {
      this.#controller!.enqueue(this.#fate.give(this.#items.shift()!));
      return;
    }
    this.#arrival = Promise.withResolvers<void>();
    return this.#arrival.promise;
  }

  cancel(): void {
    this.#isOver = true;
    for (const item of this.#items.splice(0)) this.#fate.refuse(item);
  }

  /** An item came. */
  push(item: T): void {
    if (this.#isOver) return this.#fate.refuse(item);
    if (!this.#arrival) {
      this.#items.push(item);
      return;
    }
    this.#controller!.enqueue(this.#fate.give(item));
    this.#settle();
  }

  /** An item is of no interest any more, if it waits still. */
  withdraw(item: T): void {
    const index = this.#items.indexOf(item);
    if (index >= 0) this.#items.splice(index, 1);
  }

  /** No more will come; with an error if that is not as it should be. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#items.length = 0;
    this.#close();
    this.#settle();
  }

  #close(): void {
    if (this.#error) this.#controller?.error(this.#error);
    else this.#controller?.close();
  }

  #settle(): void {
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }
}

function ignore(): void {}
