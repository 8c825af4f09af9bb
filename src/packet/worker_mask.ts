// Hides the number of a worker in the first byte of a connection ID.

/** Workers that can be told apart by the five bits there are. */
export const MAX_WORKERS = 32;

/**
 * Hides the number of a worker in the last five bits of the first byte of a connection ID: a keyed
 * hash of the bytes behind it is added, so that no statistic of IDs tells workers apart. The hash is
 * one that the kernel can calculate as well, in a program without loops.
 *
 * The hash is no cipher: it hides workers from observers, not from the holder of the key.
 */
export class WorkerMask {
  /** What is multiplied with, both odd. */
  readonly multipliers: readonly [number, number];

  /** @param key Eight bytes at least. */
  constructor(key: Uint8Array) {
    this.multipliers = [wordAt(key, 0) | 1, wordAt(key, 4) | 1];
  }

  /** Five bits that belong to the ID at an offset; the first byte does not count. */
  of(bytes: Uint8Array, offset: number): number {
    const [first, second] = this.multipliers;
    let mixed = Math.imul(wordAt(bytes, offset + 1), first);
    mixed ^= mixed >>> 15;
    return Math.imul(mixed ^ wordAt(bytes, offset + 4), second) >>> 27;
  }
}

/** Four bytes, the highest first; those past the end are zero. */
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
