/**
 * Where chance comes from. Everything below the sockets takes it as an argument.
 *
 * @category Congestion control
 */
export interface Random {
  /** A fresh array of `length` random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
  /** A whole number from 0 to before `limit`, which is at most 2^32. */
  below(limit: number): number;
}

/**
 * Repeatable numbers for simulations and tests: the same seed gives the same run.
 *
 * The numbers are predictable: never give them to a connection that faces a network.
 */
export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(length);
    for (let i = 0; i < length; i++) result[i] = this.#next() >>> 24;
    return result;
  }

  below(limit: number): number {
    return Math.floor(this.#next() / 0x1_0000_0000 * limit);
  }

  /** The next 32 bits: a counter with a large odd step, stirred by two multiplications. */
  #next(): number {
    this.#state = (this.#state + 0x9e37_79b9) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
