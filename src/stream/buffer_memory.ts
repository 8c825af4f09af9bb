// The memory that the buffers of a connection take.

import type { Account } from "../limits/account.ts";
import { FIRST_BUFFER_DEBT, MAX_BUFFER_DEBT, READ_PER_DEBT } from "../limits/limits.ts";

/** Bytes handed to readers between two arrays that are dropped, and the length of one. */
const HANDED_OVER = 65_536;
const DROPPED_LENGTH = HANDED_OVER / 8;

/**
 * The bytes that the buffers of one connection have allocated, whatever lies in them.
 *
 * A buffer allocates no more than twice what has come for it: a peer pays for what it makes us
 * hold. Chunks that are larger are in debt, all of them together within a limit, so that long
 * transfers need not begin each chunk with a small one. The limit grows by a part of what the
 * application has read: a lost burst leaves many chunks half full, and a peer that has sent so much
 * has paid for them.
 *
 * @internal
 */
export class BufferMemory {
  /** Bytes allocated now. */
  allocated = 0;
  /** Bytes allocated beyond twice what has come for them. */
  debt = 0;
  /** Fragments that wait for bytes before them, beyond the first of each stream. */
  fragments = 0;
  /** Bytes in all of them. */
  fragmentBytes = 0;
  readonly #account: Account | undefined;
  #mostDebt = FIRST_BUFFER_DEBT;
  /** Bytes handed to readers since an array was dropped, and the one that is dropped next. */
  #handedOver = 0;
  #dropped: unknown[] | undefined;

  /** @param account Where the bytes are held for the peer. */
  constructor(account?: Account) {
    this.#account = account;
  }

  /** Counts bytes that are allocated, or with a negative number let go. */
  add(bytes: number): void {
    this.allocated += bytes;
    // What came within the limits that the peer was told cannot be refused any more.
    if (bytes > 0) this.#account?.insist("bytes", bytes);
    else this.#account?.release("bytes", -bytes);
  }

  /** How much more may be allocated without any connection having to give way. */
  get room(): number {
    return this.#account?.room("bytes") ?? Infinity;
  }

  /** Takes up a debt, unless that is too much. */
  lend(bytes: number): boolean {
    if (this.debt + bytes > this.#mostDebt) return false;
    this.debt += bytes;
    return true;
  }

  /** The application has read so many bytes. */
  onRead(bytes: number): void {
    this.#mostDebt = Math.min(this.#mostDebt + bytes / READ_PER_DEBT, MAX_BUFFER_DEBT);
    this.#handedOver += bytes;
    if (this.#handedOver >= HANDED_OVER) this.#hastenCollection();
  }

  /**
   * Makes as much garbage as was handed to readers. V8 counts the bytes of their arrays for the
   * collection of the whole heap, 20 ms of several threads, but begins that of young objects, .3 ms,
   * only when objects fill their space; these arrays are small objects with large memory elsewhere.
   */
  #hastenCollection(): void {
    this.#handedOver = 0;
    this.#dropped = new Array(DROPPED_LENGTH);
  }

  /** Some of a debt is paid off, or what it was taken up for is gone. */
  settle(bytes: number): void {
    this.debt -= bytes;
  }

  /** Counts bytes that wait for others before them, or with a negative number no longer do. */
  addFragmentBytes(bytes: number): void {
    this.fragmentBytes += bytes;
  }

  /** Counts fragments in the same way. */
  addFragments(count: number): void {
    this.fragments += count;
  }
}
