// Random numbers of the system.

import type { Random } from "../crypto/random.ts";

/** Bytes drawn from the system at a time. */
const POOL_SIZE = 4096;

/** Randomness of the system, fit for secrets. Drawn in bulk, since each call has its price. */
export class SystemRandom implements Random {
  readonly #pool = new Uint8Array(POOL_SIZE);
  #used = POOL_SIZE;

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(length);
    if (length > POOL_SIZE / 4) {
      // The system hands out at most 65,536 bytes at a time.
      for (let at = 0; at < length; at += 65_536) {
        crypto.getRandomValues(result.subarray(at, at + 65_536));
      }
      return result;
    }
    const start = this.#take(length);
    result.set(this.#pool.subarray(start, start + length));
    // Handed out once: what becomes a secret must not stay here.
    this.#pool.fill(0, start, start + length);
    return result;
  }

  below(limit: number): number {
    if (!(limit >= 1) || limit > 2 ** 48) {
      throw new RangeError(`Cannot draw a number below ${limit}: it is not within 1 and 2^48`);
    }
    // Numbers beyond the last whole multiple would favour the small ones: draw again.
    const end = 2 ** 48 - (2 ** 48 % limit);
    for (;;) {
      const value = this.#uint48();
      if (value < end) return value % limit;
    }
  }

  #uint48(): number {
    const start = this.#take(6);
    let value = 0;
    for (let i = start; i < start + 6; i++) {
      value = value * 256 + this.#pool[i]!;
      this.#pool[i] = 0;
    }
    return value;
  }

  #take(length: number): number {
    if (this.#used + length > POOL_SIZE) {
      crypto.getRandomValues(this.#pool);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    return start;
  }
}
