// The packets of one number space that were sent and may still matter.

import { Fate, SentPacket } from "./sent_packet.ts";

/** Objects for reuse, shared by all spaces: an idle space keeps none. */
const free: SentPacket[] = [];
const MAX_FREE = 1_024;

const NO_SLOTS: (SentPacket | undefined)[] = [];
/** Slots of a ring that has a packet. */
const LEAST_SLOTS = 8;
/** A ring of more slots than this is let go of when it is empty. */
const MOST_EMPTY_SLOTS = 32;

/**
 * The packets of one number space that may still be acknowledged or lost, in a ring indexed by
 * number.
 */
export class SentPackets {
  #slots: (SentPacket | undefined)[] = NO_SLOTS;
  /** The lowest number that may still be here. */
  first = 0;
  /** One above the highest number sent. */
  next = 0;
  /** No packet below waits for an answer. */
  #firstUnanswered = 0;

  /** A packet object, fresh or used before. */
  take(): SentPacket {
    return free.pop() ?? new SentPacket();
  }

  /** Notes a packet; its number is above all before it, and gaps are numbers never sent. */
  add(packet: SentPacket): void {
    if (this.first === this.next) this.first = packet.number;
    while (packet.number - this.first >= this.#slots.length) this.#grow();
    this.#slots[packet.number & (this.#slots.length - 1)] = packet;
    this.next = packet.number + 1;
  }

  /** The packet of that number, unless it was never sent or is forgotten. */
  get(number: number): SentPacket | undefined {
    if (number < this.first || number >= this.next) return undefined;
    return this.#slots[number & (this.#slots.length - 1)];
  }

  /** The packet that was sent last, unless it is forgotten. */
  get newest(): SentPacket | undefined {
    return this.get(this.next - 1);
  }

  /** The last packet that left by `time`, of those still known. Numbers rise with time. */
  lastBy(time: number): SentPacket | undefined {
    let last: SentPacket | undefined;
    let low = this.first;
    let high = this.next;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let number = middle;
      let packet = this.get(number);
      while (packet === undefined && ++number < high) packet = this.get(number);
      if (packet === undefined || packet.timeSent > time) {
        high = middle;
      } else {
        last = packet;
        low = number + 1;
      }
    }
    return last;
  }

  /**
   * When the third packet left that asks for an answer and has none, or the last if there are fewer:
   * the first may be lost on a path that works, and the answer to the next as well. Fates are final,
   * so the search goes on where it ended.
   *
   * @param most Milliseconds that it may be later than the first.
   * @returns `Infinity` if there is none.
   */
  unansweredSince(most: number): number {
    const first = this.#unansweredFrom(Math.max(this.#firstUnanswered, this.first));
    this.#firstUnanswered = first;
    if (first === this.next) return Infinity;
    const second = this.#unansweredFrom(first + 1);
    const third = this.#unansweredFrom(second + 1);
    const last = third < this.next ? third : second < this.next ? second : first;
    return Math.min(this.get(last)!.timeSent, this.get(first)!.timeSent + most);
  }

  #unansweredFrom(number: number): number {
    for (; number < this.next; number++) {
      const packet = this.get(number);
      if (packet?.fate === Fate.Outstanding && packet.isEliciting) return number;
    }
    return this.next;
  }

  /** Passes over what is no longer outstanding at the old end. Lost packets belong to others. */
  trim(): void {
    const mask = this.#slots.length - 1;
    while (this.first < this.next) {
      const slot = this.first & mask;
      const packet = this.#slots[slot];
      if (packet !== undefined) {
        if (packet.fate === Fate.Outstanding) return;
        this.#slots[slot] = undefined;
        if (packet.fate === Fate.Acked && !packet.isKept) this.recycle(packet);
      }
      this.first++;
    }
    if (this.#slots.length > MOST_EMPTY_SLOTS) this.#slots = NO_SLOTS;
  }

  /** Takes back a packet that is no longer needed, for reuse. */
  recycle(packet: SentPacket): void {
    packet.clear();
    if (free.length < MAX_FREE) free.push(packet);
  }

  /** See `PacketSpace.requeueOutstanding`. */
  requeue(limit: number): number {
    let count = 0;
    for (let number = this.first; number < this.next && count < limit; number++) {
      const packet = this.get(number);
      if (packet === undefined || packet.fate !== Fate.Outstanding) continue;
      if (packet.isRequeued || packet.frames.count === 0) continue;
      packet.requeue();
      count++;
    }
    return count;
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots = NO_SLOTS;
    this.first = this.next;
  }

  #grow(): void {
    const old = this.#slots;
    const size = Math.max(LEAST_SLOTS, 2 * old.length);
    const slots: (SentPacket | undefined)[] = new Array(size).fill(undefined);
    for (let number = this.first; number < this.next; number++) {
      slots[number & (slots.length - 1)] = old[number & (old.length - 1)];
    }
    this.#slots = slots;
  }
}
