// The packet numbers that were received, and when to acknowledge them (RFC 9000, Section 13.2).

import { Ecn, EcnCounts } from "../bytes/ecn.ts";
import { RangeSet } from "../bytes/range_set.ts";
import { MAX_RECEIVED_RANGES } from "../limits/limits.ts";

/** Numbers this close below an acknowledged ACK may still come, late, and are not refused. */
const REORDERING_MEMORY = 128;

/** When to acknowledge, as the peer may change it with ACK_FREQUENCY. */
export interface AckPolicy {
  /** An ACK goes out at once when more eliciting packets than this wait for one. */
  elicitingThreshold: number;
  /** Longest wait in milliseconds. */
  maxAckDelay: number;
  /** By how many milliseconds timers may fire late. */
  readonly timerLateness: number;
  /**
   * How far the newest packet may be beyond one that is missing before an ACK goes out at once: 1 for
   * no farther than the next, `Infinity` for any distance.
   */
  reorderingThreshold: number;
}

/** The packets received in one number space: what to acknowledge, when, and what is a duplicate. */
export class ReceivedPackets {
  /** Numbers received and still worth telling. */
  readonly ranges: RangeSet = new RangeSet();
  readonly policy: AckPolicy;
  /** The ECN marks that packets came with. */
  readonly marks: EcnCounts = new EcnCounts();
  /** The highest number received, or -1. */
  largest = -1;
  /** When it came. */
  largestTime = 0;
  /** When an ACK is to leave; -Infinity for at once. */
  deadline = Infinity;
  /** Ack-eliciting packets received since the last ACK left. */
  eliciting = 0;
  /** Whether any packet came since the last ACK left. */
  hasUnreported = false;
  /** Numbers below count as received. */
  #floor = 0;
  #isHurried = false;
  #wasCongested = false;
  #reported = -1;
  /** The highest number of an ack-eliciting packet received. */
  #largestEliciting = -1;
  /** The highest number that an ACK told of. */
  #told = -1;

  constructor(policy: AckPolicy) {
    this.policy = policy;
  }

  /** Whether a packet of that number came before, as far as is remembered. */
  isDuplicate(number: number): boolean {
    return number < this.#floor || this.ranges.has(number);
  }

  /** The packet being read asks for an ACK at once (IMMEDIATE_ACK). */
  hurryNext(): void {
    this.#isHurried = true;
  }

  /**
   * Notes a packet that was opened and is no duplicate.
   *
   * @param arrivedAt When it came, if it had to wait to be opened.
   * @param mark The ECN mark of its datagram.
   */
  add(
    number: number,
    ackEliciting: boolean,
    now: number,
    arrivedAt = now,
    mark: Ecn = Ecn.NotEct,
  ): void {
    if (mark !== Ecn.NotEct) this.marks.add(mark);
    const expected = this.largest + 1;
    this.ranges.add(number, number + 1);
    if (this.ranges.count > MAX_RECEIVED_RANGES) {
      this.#floor = this.ranges.endAt(0);
      this.ranges.removeFirstRange();
    }
    if (number > this.largest) {
      this.largest = number;
      this.largestTime = arrivedAt;
    }
    this.hasUnreported = true;
    if (!ackEliciting) return;
    this.eliciting++;
    this.#largestEliciting = Math.max(this.#largestEliciting, number);
    const due = this.#tellsCongestion(mark) || this.#isHurried ||
      this.eliciting >= this.policy.elicitingThreshold ||
      this.#outOfOrder(number, expected);
    this.#isHurried = false;
    if (due) {
      this.deadline = -Infinity;
    } else {
      this.deadline = Math.min(this.deadline, now + this.#delay);
    }
  }

  /**
   * Whether an ACK that waits still leaves in time if its timer fires late. Delays that are hardly
   * longer than a timer's lateness leave no room for that.
   */
  get canBeLate(): boolean {
    const { maxAckDelay, timerLateness } = this.policy;
    return timerLateness > 0 && maxAckDelay > 2 * timerLateness;
  }

  /**
   * How long an ACK waits. RFC 9000, Section 18.2: the delay that the peer was told holds with what
   * timers are late by.
   */
  get #delay(): number {
    const { maxAckDelay, timerLateness } = this.policy;
    return this.canBeLate ? maxAckDelay - timerLateness : maxAckDelay;
  }

  /**
   * RFC 9000, Section 13.2.1: a mark of congestion is told at once. ACK frequency, Section 6.3:
   * a peer that wants fewer acknowledgements is told only of the first mark in a row.
   */
  #tellsCongestion(mark: Ecn): boolean {
    const isCongested = mark === Ecn.Ce;
    const isNews = isCongested && (!this.#wasCongested || this.policy.elicitingThreshold <= 2);
    this.#wasCongested = isCongested;
    return isNews;
  }

  /**
   * RFC 9000, Section 13.2.1: a gap, or what fills one, is told at once to help loss recovery. ACK
   * frequency, Section 6.2: a peer that bears more is told when it would take a packet to be lost
   * that the last ACK did not let it, and when one comes after all that it takes to be lost.
   */
  #outOfOrder(number: number, expected: number): boolean {
    const { reorderingThreshold: threshold } = this.policy;
    if (threshold <= 1) return number !== expected;
    const toldMissing = this.#told - threshold;
    if (number <= toldMissing) return true;
    const missing = this.ranges.nextOutside(Math.max(this.#floor, toldMissing + 1));
    return this.#largestEliciting - missing >= threshold;
  }

  /** Asks for an ACK at once, if one is owed: handshake packets, or the end of a path. */
  hurry(): void {
    if (this.eliciting > 0) this.deadline = -Infinity;
  }

  /**
   * ACKs that left during a silence may be lost, and nothing tells of that: all that was received is
   * told once more.
   */
  repeat(): void {
    if (this.ranges.count === 0) return;
    this.eliciting = Math.max(this.eliciting, 1);
    this.hasUnreported = true;
    this.deadline = -Infinity;
  }

  /** An ACK whose time has come is due at once. */
  expire(now: number): void {
    if (this.deadline <= now) this.deadline = -Infinity;
  }

  /** The ACK that is due cannot leave yet. */
  putOff(until: number): void {
    this.deadline = until;
  }

  /** An ACK of everything received left. */
  onAckSent(): void {
    this.deadline = Infinity;
    this.eliciting = 0;
    this.hasUnreported = false;
    this.#told = this.ranges.last;
  }

  /** The ACK just written travels in a packet of this very space. */
  noteReported(): void {
    this.#reported = this.largest;
  }

  /** The largest number that the packet about to leave acknowledges, or -1. */
  takeReported(): number {
    const reported = this.#reported;
    this.#reported = -1;
    return reported;
  }

  /** The peer has an ACK of ours that reached up to `largest`: older ranges need no repeating. */
  onAckAcked(largest: number): void {
    const keepFrom = largest + 1 - REORDERING_MEMORY;
    if (keepFrom <= this.#floor) return;
    this.ranges.remove(0, keepFrom);
    this.#floor = keepFrom;
  }

  /** How long the newest packet has waited here (RFC 9000, Section 13.2.5), in milliseconds. */
  delay(now: number): number {
    return Math.max(0, now - this.largestTime);
  }
}
