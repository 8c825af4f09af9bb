// Gives packets their numbers, and skips some (RFC 9000, Section 21.4).

import type { Random } from "../crypto/random.ts";
import { FIRST_SKIP, LAST_SKIP } from "../limits/limits.ts";

/**
 * The numbers of packets, in order. RFC 9000, Section 21.4: some numbers, chosen at random, are
 * skipped; a peer that acknowledges a skipped number has not received what it acknowledges.
 */
export class PacketNumbers {
  readonly #random: Random;
  #next = 0;
  #skipAt: number;
  #skipSpan = FIRST_SKIP;

  constructor(random: Random) {
    this.#random = random;
    this.#skipAt = 1 + random.below(FIRST_SKIP);
  }

  /** The number the next packet gets; asking twice gives the same. */
  get next(): number {
    return this.#next;
  }

  /** A packet has taken a number. */
  take(number: number): void {
    let next = number + 1;
    if (next === this.#skipAt) {
      next++;
      this.#skipSpan = Math.min(this.#skipSpan * 2, LAST_SKIP);
      this.#skipAt = next + 1 + this.#random.below(this.#skipSpan);
    }
    this.#next = next;
  }
}
