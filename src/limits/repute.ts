import { MAX_REPUTES, MAX_SHARE_FACTOR, PROOFS_PER_SHARE, REPUTE_HALF_LIFE } from "./limits.ts";

/** How often somebody at a place has proven itself, less what is long ago. */
interface Proofs {
  count: number;
  at: number;
}

/**
 * How much more than usual the peers of a place may hold, since many have proven themselves there:
 * behind the few addresses of a carrier's NAT are thousands of people. It fades, and the places
 * heard of longest ago are forgotten if there are very many.
 */
export class Repute {
  readonly #places = new Map<string, Proofs>();

  /** How many places are remembered. */
  get size(): number {
    return this.#places.size;
  }

  /** Somebody has proven itself at a place. */
  add(place: string, now: number): number {
    const count = this.#count(place, now) + 1;
    // Behind all the others: this one was heard of last.
    this.#places.delete(place);
    if (this.#places.size >= MAX_REPUTES) this.#forgetOldest();
    this.#places.set(place, { count, at: now });
    return factorOf(count);
  }

  /** By what factor the limits of a place are raised. */
  factor(place: string, now: number): number {
    return factorOf(this.#count(place, now));
  }

  #count(place: string, now: number): number {
    const proofs = this.#places.get(place);
    return proofs === undefined ? 0 : proofs.count * 0.5 ** ((now - proofs.at) / REPUTE_HALF_LIFE);
  }

  #forgetOldest(): void {
    for (const place of this.#places.keys()) {
      this.#places.delete(place);
      return;
    }
  }
}

function factorOf(count: number): number {
  return Math.min(MAX_SHARE_FACTOR, 1 + Math.floor(count / PROOFS_PER_SHARE));
}
