/** The place of a stream among those that send; whoever sorts them hears of every change. */
export abstract class StreamRank {
  #sendOrder = 0;
  #urgency = 3;
  #incremental = false;

  /** The place has changed. */
  protected abstract onRankChanged(): void;

  get sendOrder(): number {
    return this.#sendOrder;
  }

  set sendOrder(value: number) {
    this.#sendOrder = value;
    this.onRankChanged();
  }

  get urgency(): number {
    return this.#urgency;
  }

  set urgency(value: number) {
    this.#urgency = value;
    this.onRankChanged();
  }

  get incremental(): boolean {
    return this.#incremental;
  }

  set incremental(value: boolean) {
    this.#incremental = value;
    this.onRankChanged();
  }
}
