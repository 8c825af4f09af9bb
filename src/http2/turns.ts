// How many go on at a time.

/** Lets so many go on at a time; those beyond wait for their turn. */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** @param most How many go on at a time. */
  constructor(most: number) {
    this.#free = most;
  }

  /**
   * Waits for a turn.
   *
   * @param signal Gives up.
   * @returns False if it was given up; there is nothing to give back then.
   */
  async take(signal: AbortSignal): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const enter = () => resolve(true);
    const leave = () => {
      if (this.#waiting.delete(enter)) resolve(false);
    };
    this.#waiting.add(enter);
    signal.addEventListener("abort", leave);
    const mayGoOn = await promise;
    signal.removeEventListener("abort", leave);
    return mayGoOn;
  }

  /** Gives a turn back; one that waits gets it. */
  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
