// Holds back the room of streams that are reset early.

import { EARLY_RESETS_PER_SECOND } from "../limits/limits.ts";

/**
 * Holds back the room that streams leave when they are reset early.
 *
 * A peer that opens and resets streams in a loop costs us work without ever reaching the limit on
 * streams at once (CVE-2023-44487 in HTTP/2). Past the budget, its room comes back slowly.
 */
export class ResetBudget {
  /** Streams held back, by kind. */
  readonly #held: [number, number] = [0, 0];
  #tokens = EARLY_RESETS_PER_SECOND;
  #filledAt = -1;

  /** When room comes back: always past while the budget lasts, `Infinity` if none is held back. */
  get deadline(): number {
    if (this.#held[0] + this.#held[1] === 0) return Infinity;
    if (this.#tokens >= 1) return this.#filledAt;
    return this.#filledAt + (1 - this.#tokens) * 1000 / EARLY_RESETS_PER_SECOND;
  }

  /** Holds back the room of one stream. */
  hold(kind: 0 | 1): void {
    this.#held[kind]++;
  }

  /** How many streams of a kind have room again by `now`. */
  release(kind: 0 | 1, now: number): number {
    if (this.#filledAt < 0) this.#filledAt = now;
    const passed = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(
      EARLY_RESETS_PER_SECOND,
      this.#tokens + passed * EARLY_RESETS_PER_SECOND / 1000,
    );
    this.#filledAt = Math.max(this.#filledAt, now);
    const count = Math.min(this.#held[kind], Math.floor(this.#tokens));
    this.#held[kind] -= count;
    this.#tokens -= count;
    return count;
  }
}
