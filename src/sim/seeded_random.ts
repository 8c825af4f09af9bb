// Random numbers that a seed repeats, for simulations and tests.

import type { Random } from "../crypto/random.ts";

/**
 * Repeatable chance for simulations and tests: the same seed and label give the same numbers on
 * every machine. Endpoints draw from it as well.
 *
 * The numbers are predictable: never give them to a connection that faces a network.
 */
export class SeededRandom implements Random {
  readonly #seed: string;
  readonly #state: Uint32Array;

  /** Streams with different labels are independent of each other. */
  constructor(seed: number | string, label = "") {
    this.#seed = `${seed}/${label}`;
    this.#state = expandSeed(this.#seed);
  }

  /** An independent stream that depends on this one's seed, but not on what was drawn from it. */
  fork(label: string): SeededRandom {
    return new SeededRandom(this.#seed, label);
  }

  /** A number from 0 to below 2^32 (the generator is "sfc32"). */
  uint32(): number {
    const state = this.#state;
    const sum = (state[0]! + state[1]! + state[3]!) >>> 0;
    state[3]!++;
    state[0] = state[1]! ^ (state[1]! >>> 9);
    state[1] = state[2]! + (state[2]! << 3);
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + sum;
    return sum;
  }

  /** A number from 0 to below 1. */
  unit(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A number from `low` to below `high`. */
  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  /** True in `probability` of all cases. Draws nothing when the answer is certain. */
  chance(probability: number): boolean {
    if (probability <= 0) return false;
    return probability >= 1 || this.unit() < probability;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.unit() * limit);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** So many random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(length);
    for (let i = 0; i < length; i++) result[i] = this.uint32() >>> 13;
    return result;
  }
}

function expandSeed(text: string): Uint32Array {
  const state = new Uint32Array([0x9e37_79b9, 0x243f_6a88, 0xb7e1_5162, 1]);
  for (let i = 0; i < text.length; i++) {
    for (let word = 0; word < 3; word++) {
      state[word] = Math.imul(state[word]! ^ text.charCodeAt(i), 0x0100_0193 + word * 0x1_0002);
    }
  }
  // The first numbers still resemble the seed: mix them away.
  for (let i = 0; i < 16; i++) {
    const sum = (state[0]! + state[1]! + state[3]!) >>> 0;
    state[3]!++;
    state[0] = state[1]! ^ (state[1]! >>> 9);
    state[1] = state[2]! + (state[2]! << 3);
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + sum;
  }
  return state;
}
