// How often something happened at an address or a network, fading with time.

import { MAX_REPUTES } from "./limits.ts";

/** What was seen of a place, less what is long ago. */
interface Memory {
  count: number;
  at: number;
}

/**
 * How often something happened at places, addresses say; it fades. The places where it happened
 * longest ago are forgotten if there are very many.
 */
export class Repute {
  readonly #places = new Map<string, Memory>();
  readonly #halfLife: number;

  /** @param halfLife Milliseconds in which half of it fades. */
  constructor(halfLife: number) {
    this.#halfLife = halfLife;
  }

  /** How many places are remembered. */
  get size(): number {
    return this.#places.size;
  }

  /**
   * It happened at a place, or is made up for.
   *
   * @returns How often it did so far.
   */
  add(place: string, times: number, now: number): number {
    const count = Math.max(0, this.count(place, now) + times);
    // Behind all the others: this one was heard of last.
    this.#places.delete(place);
    if (count === 0) return 0;
    if (this.#places.size >= MAX_REPUTES) this.#forgetOldest();
    this.#places.set(place, { count, at: now });
    return count;
  }

  /** How often it happened at a place. */
  count(place: string, now: number): number {
    const memory = this.#places.get(place);
    return memory === undefined ? 0 : memory.count * 0.5 ** ((now - memory.at) / this.#halfLife);
  }

  #forgetOldest(): void {
    for (const place of this.#places.keys()) {
      this.#places.delete(place);
      return;
    }
  }
}
