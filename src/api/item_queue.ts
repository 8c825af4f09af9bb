/** Items that come by themselves, for whoever reads them from a stream. */
export class ItemQueue<T> implements UnderlyingDefaultSource<T> {
  readonly #items: T[] = [];
  readonly #refuse: (item: T) => void;
  /** Made when it is first asked for: most queues are never read, and a stream is a kilobyte. */
  #readable: ReadableStream<T> | undefined;
  #controller: ReadableStreamDefaultController<T> | undefined;
  #arrival: PromiseWithResolvers<void> | undefined;
  #isOver = false;
  #error: Error | undefined;

  /** @param refuse What to do with items that nobody will read any more. */
  constructor(refuse: (item: T) => void = ignore) {
    this.#refuse = refuse;
  }

  /** Where the items can be read. */
  get readable(): ReadableStream<T> {
    return this.#readable ??= new ReadableStream(this, { highWaterMark: 0 });
  }

  start(controller: ReadableStreamDefaultController<T>): void {
    this.#controller = controller;
    if (this.#isOver) this.#close();
  }

  pull(): void | Promise<void> {
    if (this.#items.length > 0) {
      this.#controller!.enqueue(this.#items.shift()!);
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
    this.#controller!.enqueue(item);
    this.#settle();
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
