// Memory that the system reads and writes.

import type { Libc, Place } from "./libc.ts";

/** Bytes of a page of `WebAssembly.Memory`, and what its address is a multiple of. */
const MEMORY_UNIT = 65_536;

/**
 * Memory that the system reads and writes, between two pages without access: a call that goes past its
 * end, by however little, ends the process before other memory is overwritten.
 *
 * The runtime maps the memory of WebAssembly page by page, never moves it, and refuses to transfer it.
 * The memory goes when nothing refers to the slab any more: no call of the system keeps a place.
 *
 * The places in it are made once: each addition to an address would cost more than the call that it is
 * for.
 */
export class Slab {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly #longs: BigUint64Array<ArrayBuffer>;
  readonly #base: Place;

  /** @param size A multiple of 8. */
  constructor(libc: Libc, size: number) {
    const { pageSize } = libc;
    const units = Math.ceil((size + 2 * pageSize) / MEMORY_UNIT);
    const memory = new WebAssembly.Memory({ initial: units, maximum: units });
    // It is shared only if that is asked for.
    const buffer = memory.buffer as ArrayBuffer;
    const end = buffer.byteLength - pageSize;
    // A system that refuses leaves the checks of `place`, and those of lengths.
    for (const at of [0, end]) libc.fence(new Uint8Array(buffer, at, pageSize));
    this.bytes = new Uint8Array(buffer, end - size, size);
    this.words = new Uint32Array(buffer, end - size, size / 4);
    this.#longs = new BigUint64Array(buffer, end - size, size / 8);
    this.#base = libc.placeOf(this.bytes);
  }

  /** The place of a block; it must lie within the slab. */
  place(offset: number, length: number): Place {
    if (offset < 0 || length < 0 || offset + length > this.bytes.length) {
      throw new RangeError(`Cannot use ${length} bytes at ${offset}: the slab ends before`);
    }
    return this.#base + BigInt(offset) as Place;
  }

  /** What a library has written as an address of its own; the offset is a multiple of 8. */
  longAt(offset: number): bigint {
    return this.#longs[offset >>> 3]!;
  }

  /** Writes a place for the kernel to read; the offset is a multiple of 8. */
  putPlace(offset: number, place: Place): void {
    this.#longs[offset >>> 3] = place;
  }
}
