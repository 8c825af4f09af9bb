// How long to wait before a worker is started again.

/** Milliseconds of the first pause, and of the longest. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 10_000;
/** A worker that has lived so long did not die of its start. */
const LIFE = 5_000;

/**
 * How long to wait before a worker is started again: not at all, unless workers at its place die soon
 * after their start. Then the pauses double, and a fault that kills each of them does not take the
 * processors from the others.
 */
export class RestartPause {
  readonly #pauses = new Map<number, number>();

  /**
   * A worker has died.
   *
   * @param number Its place.
   * @param age Milliseconds for which it listened.
   * @returns Milliseconds to wait.
   */
  after(number: number, age: number): number {
    if (age >= LIFE) this.#pauses.delete(number);
    const pause = this.#pauses.get(number) ?? 0;
    this.#pauses.set(number, pause === 0 ? FIRST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE));
    return pause;
  }
}
