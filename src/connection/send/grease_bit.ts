// Varies the fixed bit of packets (RFC 9287).

import type { Random } from "../../crypto/random.ts";

/** The fixed bit of the first byte. */
const FIXED_BIT = 0x40;
/** Bits that are drawn at once. */
const STOCK = 30;

/**
 * Varies the fixed bit towards peers that accept it, so that no middlebox relies on it (RFC 9287).
 */
export class GreaseBit {
  readonly #random: Random;
  #bits = 0;
  #left = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The bit for the next packet: 0x40 or 0. */
  next(): number {
    if (this.#left === 0) {
      this.#bits = this.#random.below(2 ** STOCK);
      this.#left = STOCK;
    }
    const bit = this.#bits & 1;
    this.#bits >>>= 1;
    this.#left--;
    return bit === 0 ? 0 : FIXED_BIT;
  }
}
