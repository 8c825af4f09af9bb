// What the threads of a server remember together of 0-RTT data and tokens.

import type { Random } from "../crypto/random.ts";
import {
  EARLY_DATA_WINDOW,
  MAX_EARLY_DATA_REMEMBERED,
  MAX_TOKENS_REMEMBERED,
  NEW_TOKEN_LIFETIME,
} from "../limits/limits.ts";
import { ReplayFilter } from "./replay_filter.ts";

/** Bytes of the name: long enough to be unique by chance. */
const NAME_LENGTH = 16;
const ENTRY_SIZE = 8;

/**
 * What a server remembers of 0-RTT data and tokens, so that each counts once. Threads of a server
 * share it by its buffer.
 */
export class ReplayMemory {
  /** What threads hand to each other. */
  readonly buffer: ArrayBufferLike;
  /** Names the memory in tickets: no other server knows which of their 0-RTT data were read. */
  readonly name: Uint8Array;
  /** 0-RTT data that were read. */
  readonly earlyData: ReplayFilter;
  /** Tokens of earlier connections that proved an address. */
  readonly tokens: ReplayFilter;

  /**
   * The memory of another thread.
   *
   * @param buffer That of its memory.
   */
  constructor(buffer: ArrayBufferLike) {
    this.buffer = buffer;
    // A name on shared memory could change.
    this.name = new Uint8Array(buffer, 0, NAME_LENGTH).slice();
    const places = (at: number, count: number) =>
      new BigInt64Array(buffer as ArrayBuffer, NAME_LENGTH + at * ENTRY_SIZE, count);
    this.earlyData = new ReplayFilter(places(0, MAX_EARLY_DATA_REMEMBERED), this.name, {
      window: EARLY_DATA_WINDOW,
      isForgetful: false,
    });
    // A token that counts twice proves an address twice. If the memory were full for good, no token
    // would prove anything.
    this.tokens = new ReplayFilter(
      places(MAX_EARLY_DATA_REMEMBERED, MAX_TOKENS_REMEMBERED),
      this.name,
      { window: NEW_TOKEN_LIFETIME, isForgetful: true },
    );
  }

  /** A memory of nothing, under a name that no other has. */
  static create(name: Uint8Array, isShared = false): ReplayMemory {
    const size = NAME_LENGTH +
      ENTRY_SIZE * (MAX_EARLY_DATA_REMEMBERED + MAX_TOKENS_REMEMBERED);
    const buffer = isShared ? new SharedArrayBuffer(size) : new ArrayBuffer(size);
    new Uint8Array(buffer).set(name.subarray(0, NAME_LENGTH));
    return new ReplayMemory(buffer);
  }

  /** A name for a new memory. */
  static newName(random: Random): Uint8Array {
    return random.bytes(NAME_LENGTH);
  }
}
