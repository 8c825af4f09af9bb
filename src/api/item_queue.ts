/** Items that come by themselves, for whoever reads them from a stream. */
export class ItemQueue<T> implements UnderlyingDefaultSource<T> {
  /** Where the items can be read. */
  readonly readable: ReadableStream<T>;
  readonly #items: T[] = [];
  readonly #refuse: (item: T) => void;
  #controller!: ReadableStreamDefaultController<T>;
  #arrival: PromiseWithResolvers<void> | undefined;
  #isOver = false;

  /** @param refuse What to do with items that nobody will read any more. */
  constructor(refuse: (item: T) => void = () => {}) {
    this.#refuse = refuse;
    this.readable = new ReadableStream(this, { highWaterMark: 0 });
  }

  start(controller: ReadableStreamDefaultController<T>): void {
    this.#controller = controller;
  }

  pull(): void | Promise<void> {
    if (this.#items.length > 0) {
      this.#controller.enqueue(this.#items.shift()!);
      return;
    }
    this.#arrival = Promise.withResolvers<void>();
    return this.#arrival.promise;
  }

  cancel(): void {
    this.#isOver = true;
    for (const item of this.#items.splice(0)) this.#refuse(item);
  }

  /** An item came. */
  push(item: T): void {
    if (this.#isOver) return this.#refuse(item);
    if (!this.#arrival) {
      this.#items.push(item);
      return;
    }
    this.#controller.enqueue(item);
    this.#settle();
  }

  /** No more will come; with an error if that is not as it should be. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#items.length = 0;
    if (error) this.#controller.error(error);
    else this.#controller.close();
    this.#settle();
  }

  #settle(): void {
    this.#arrival?.resolve();
    this.#arrival = undefined;
  }
}
