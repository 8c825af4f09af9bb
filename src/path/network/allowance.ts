/** Lets something happen a number of times, and then only as often as a rate allows. */
export class Allowance {
  readonly #burst: number;
  #left: number;
  #filledAt = -Infinity;

  /** @param burst How often it may happen at once. */
  constructor(burst: number) {
    this.#burst = this.#left = burst;
  }

  /**
   * Whether it may happen now; if so, it counts.
   *
   * @param period Milliseconds in which all of the burst comes back.
   * @param cost For how many it counts; all of the burst at most.
   */
  take(period: number, now: number, cost = 1): boolean {
    const passed = Math.max(0, now - this.#filledAt);
    this.#filledAt = Math.max(this.#filledAt, now);
    this.#left = Math.min(this.#burst, this.#left + passed * this.#burst / period);
    const price = Math.min(cost, this.#burst);
    if (this.#left < price) return false;
    this.#left -= price;
    return true;
  }
}
