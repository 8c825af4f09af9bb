// Holds a transfer back to a rate.

/** Milliseconds of a rate that may be used at once. */
const BURST = 100;

/** Lets so many bytes pass each second. */
export class Throttle {
  readonly #rate: number;
  readonly #now: () => number;
  #credit: number;
  #last: number;

  /**
   * @param rate Bytes a second.
   * @param now Tells the time in milliseconds.
   */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
    this.#credit = rate * BURST / 1000;
    this.#last = now();
  }

  /**
   * Takes note of bytes that have come.
   *
   * @param count How many.
   * @returns Milliseconds to wait before more are taken.
   */
  take(count: number): number {
    const now = this.#now();
    const most = this.#rate * BURST / 1000;
    this.#credit = Math.min(most, this.#credit + (now - this.#last) * this.#rate / 1000) - count;
    this.#last = now;
    return this.#credit >= 0 ? 0 : -this.#credit * 1000 / this.#rate;
  }
}
