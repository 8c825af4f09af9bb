// Limits how far an application may write ahead.

import {
  FIRST_WRITE_AHEAD,
  LEAST_WRITE_AHEAD,
  MAX_CONNECTION_WRITE_AHEAD,
  MAX_STALLED_WRITE_AHEAD,
  MAX_STREAM_WRITE_AHEAD,
} from "../limits/limits.ts";
import { BufferMemory } from "./buffer_memory.ts";

/**
 * Limits how far the applications of a connection may write ahead of what the peer takes: for each
 * stream, for all streams, and by the memory for the peer. A peer that has taken much gets more
 * memory than a peer that may never take anything. Bytes without credit have a limit of their own,
 * so that streams that the peer does not read leave room for the others. Each stream may always
 * have a little: it leaves in its turn, and then there is room again.
 */
export class WriteAhead {
  readonly #memory: BufferMemory;
  /** Bytes of all streams that wait to be sent, as far as their credit goes. */
  #sendable = 0;
  /** Bytes of all streams that wait for credit. */
  #stalled = 0;
  /** Bytes that may wait to be sent. */
  #limit = FIRST_WRITE_AHEAD;

  constructor(memory: BufferMemory = new BufferMemory()) {
    this.#memory = memory;
  }

  /**
   * How many bytes a stream may have waiting in all.
   *
   * @param credit Bytes that the peer lets it send.
   * @param sendable Bytes of it that wait and have credit.
   * @param stalled Those that wait for credit.
   */
  limitFor(credit: number, sendable: number, stalled: number): number {
    const creditLimit = credit + stalled + Math.max(0, MAX_STALLED_WRITE_AHEAD - this.#stalled);
    const most = Math.min(MAX_STREAM_WRITE_AHEAD, creditLimit);
    if (most <= LEAST_WRITE_AHEAD) return LEAST_WRITE_AHEAD;
    const room = Math.min(this.#limit - this.#sendable, this.#memory.room);
    return Math.max(LEAST_WRITE_AHEAD, Math.min(most, sendable + stalled + room));
  }

  /** Notes that the peer has taken so many bytes. */
  onTaken(bytes: number): void {
    this.#limit = Math.min(MAX_CONNECTION_WRITE_AHEAD, this.#limit + bytes);
  }

  /** Notes that a stream has so many bytes more, or fewer, that it could send, or not. */
  count(sendable: number, stalled: number): void {
    this.#sendable += sendable;
    this.#stalled += stalled;
  }
}

/**
 * What one stream may write ahead.
 *
 * @internal
 */
export class WriteRoom {
  /** Whether the application waits for room. */
  isAwaited = false;
  readonly #ahead: WriteAhead;
  #credit: number;
  #sendable = 0;
  #stalled = 0;
  /** Bytes that the application fetches at the time, to write them next. */
  #reserved = 0;
  #isClosed = false;

  /** @param credit Bytes that the peer lets the stream send. */
  constructor(ahead: WriteAhead, credit: number) {
    this.#ahead = ahead;
    this.#credit = credit;
  }

  /** The application waits for room from now on, or not. */
  await(isAwaited: boolean): void {
    this.isAwaited = isAwaited;
  }

  /** Bytes that may be written now. */
  get bytes(): number {
    return Math.max(0, this.#limit - this.#sendable - this.#stalled);
  }

  /** Whether it is worth while to write on: many small pieces are dear. */
  get isEnough(): boolean {
    const waiting = 2 * (this.#sendable + this.#stalled);
    // No limit is higher than that of a stream: it settles most questions, one for each packet.
    return waiting <= MAX_STREAM_WRITE_AHEAD && waiting <= this.#limit;
  }

  /** Whether the application is likely to have more: it waits, or has written much already. */
  get isUsed(): boolean {
    return this.isAwaited || 2 * (this.#sendable + this.#stalled) >= MAX_STREAM_WRITE_AHEAD;
  }

  /** Takes note of what waits, and of the credit of the stream. */
  update(queued: number, credit: number): void {
    this.#credit = Math.max(0, credit);
    const sendable = Math.min(queued, this.#credit);
    const stalled = queued - sendable;
    if (sendable !== this.#sendable || stalled !== this.#stalled) {
      this.#ahead.count(sendable - this.#sendable, stalled - this.#stalled);
    }
    this.#sendable = sendable;
    this.#stalled = stalled;
  }

  /** Keeps up to `most` bytes for what is written next; returns how many. */
  reserve(most: number): number {
    this.release();
    this.#reserved = this.#isClosed ? 0 : Math.min(most, this.bytes);
    this.#ahead.count(this.#reserved, 0);
    return this.#reserved;
  }

  /** Gives back what was reserved; returns how many bytes that were. */
  release(): number {
    const reserved = this.#reserved;
    if (reserved > 0) this.#ahead.count(-reserved, 0);
    this.#reserved = 0;
    return reserved;
  }

  /** The peer has taken so many bytes. */
  onTaken(bytes: number): void {
    this.#ahead.onTaken(bytes);
  }

  /** Nothing more will be written. */
  close(): void {
    this.release();
    this.#isClosed = true;
  }

  get #limit(): number {
    return this.#ahead.limitFor(this.#credit, this.#sendable, this.#stalled);
  }
}
