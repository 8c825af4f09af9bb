// Remembers what was shown, so that it counts once, for all threads that share its memory.

import { HmacKey } from "../crypto/hkdf.ts";

/** What the places of a filter mean: how long they hold, and what happens when all are taken. */
export interface ReplayFilterOptions {
  /** Milliseconds for which what was shown is remembered, at least; twice as long at most. */
  readonly window: number;
  /**
   * Whether something is forgotten where there is no place; otherwise nothing new counts until there
   * is.
   */
  readonly isForgetful: boolean;
}

/** Bits of an entry that tell the window it was made in; the others tell what was shown. */
const AGE_BITS = 20n;
const AGE_MASK = (1n << AGE_BITS) - 1n;
/** Places that are looked at; so many are taken together only where nearly all are. */
const PROBES = 16;

/**
 * Remembers what was shown, in memory that threads can share: each entry is one number that is
 * compared and set at once.
 *
 * An entry that is too old is a free place, so nothing has to be cleared, and no thread has to know
 * when another one did so.
 */
export class ReplayFilter {
  readonly #entries: BigInt64Array;
  readonly #key: HmacKey;
  readonly #window: number;
  readonly #isForgetful: boolean;

  /**
   * A filter over memory that may be shared.
   *
   * @param entries Its places, zero at first.
   * @param key By which places are chosen: who does not know it cannot crowd them.
   */
  constructor(entries: BigInt64Array, key: Uint8Array, options: ReplayFilterOptions) {
    this.#entries = entries;
    this.#key = new HmacKey("sha256", key);
    this.#window = options.window;
    this.#isForgetful = options.isForgetful;
  }

  /**
   * Notes that something is shown.
   *
   * @param time Milliseconds since 1970, which all threads tell alike.
   * @returns Whether it was not shown before, as far as is known; otherwise it does not count.
   */
  isFirst(id: Uint8Array, time: number): boolean {
    const view = new DataView(this.#key.hash(id).buffer);
    const print = view.getBigInt64(0) >> AGE_BITS;
    const from = view.getUint32(8);
    const age = BigInt(Math.floor(time / this.#window)) & AGE_MASK;
    // Zero is a place that was never used.
    const entry = (print << AGE_BITS | age) || 1n;
    for (;;) {
      const { isKnown, free, found } = this.#look(from, print, age);
      if (isKnown) return false;
      const place = free ?? (this.#isForgetful ? from % this.#entries.length : undefined);
      if (place === undefined) return false;
      if (Atomics.compareExchange(this.#entries, place, found, entry) !== found) continue;
      // Another thread may have noted the same elsewhere meanwhile: then it counts for neither.
      return !this.#look(from, print, age, place).isKnown;
    }
  }

  /** Looks whether it is there, and for the first free place; `found` is what stands in that. */
  #look(
    from: number,
    print: bigint,
    age: bigint,
    except = -1,
  ): { isKnown: boolean; free: number | undefined; found: bigint } {
    const { length } = this.#entries;
    let free: number | undefined;
    let found = Atomics.load(this.#entries, from % length);
    for (let i = 0; i < PROBES; i++) {
      const place = (from + i) % length;
      const entry = Atomics.load(this.#entries, place);
      const isOld = entry === 0n || isPast(entry & AGE_MASK, age);
      if (!isOld && place !== except && entry >> AGE_BITS === print) {
        return { isKnown: true, free, found };
      }
      if (!isOld || free !== undefined) continue;
      free = place;
      found = entry;
    }
    return { isKnown: false, free, found };
  }
}

/** Whether an entry is of a window before the last one; a clock that went back makes none old. */
function isPast(made: bigint, age: bigint): boolean {
  const passed = (age - made) & AGE_MASK;
  return passed >= 2n && passed < AGE_MASK >> 1n;
}
