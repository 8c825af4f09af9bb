// Proves that a 4-tuple works, by challenges (RFC 9000, Section 8.2).

import { equalSecrets } from "../../bytes/bytes.ts";
import type { Random } from "../../crypto/random.ts";
import {
  PATH_CHALLENGE,
  PATH_RESPONSE,
  writePathChallenge,
  writePathResponse,
} from "../../frame/path_validation.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import { MAX_RESPONSES } from "../../limits/limits.ts";
import { BASE_DATAGRAM_SIZE } from "./mtu_discovery.ts";

/** Challenges remembered: any of them may be answered (RFC 9000, Section 8.2.2). */
const MAX_CHALLENGES = 16;
/** This many challenges may follow each other closely. */
const MAX_HURRIED = 6;
/** Milliseconds before the first repetition when nothing is known of the round-trip time. */
const LONGEST_FIRST_WAIT = 333;

/** One PATH_CHALLENGE sent. */
interface Challenge {
  readonly data: Uint8Array;
  readonly sentAt: number;
  /** Whether its datagram was of the size that every path must carry. */
  readonly full: boolean;
}

/** Proof that a 4-tuple works: challenges sent, and challenges answered (RFC 9000, Section 8.2). */
export class Validation implements FrameOwner {
  /** When to act: repeat a challenge or give up. */
  deadline = Infinity;
  /** Whether a challenge must be sent now. */
  challengeDue = false;
  #hasFailed = false;
  /** Whether a challenge was answered since the last start. */
  answered = false;
  /** Whether a datagram of full size is known to have arrived. */
  sizeProven = false;

  readonly #random: Random;
  readonly #challenges: Challenge[] = [];
  readonly #responses: Uint8Array[] = [];
  #firstInterval = 0;
  #interval = 0;
  #sentAt = -Infinity;
  /** When the first challenge since the last start left. */
  #firstSentAt = Infinity;
  #isRepeated = false;
  #giveUpAt = Infinity;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether challenges were sent and none was answered yet. */
  get pending(): boolean {
    return this.#giveUpAt < Infinity;
  }

  /** Whether frames wait to be sent on this 4-tuple. */
  get due(): boolean {
    return this.challengeDue || this.#responses.length > 0;
  }

  /**
   * Begins to challenge.
   *
   * @param probeTimeout What to wait before repeating, from paths that have been measured.
   * @param timeout When to give up. RFC 9000, Section 8.2.4: three times the larger probe timeout.
   */
  start(probeTimeout: number, timeout: number, now: number): void {
    this.#begin(probeTimeout, timeout, now);
    this.#isRepeated = false;
  }

  /** Begins again after a failure, at a time when the other paths are asked for an answer as well. */
  repeat(probeTimeout: number, timeout: number, now: number): void {
    this.#begin(probeTimeout, timeout, now);
    this.#isRepeated = true;
  }

  /**
   * When a challenge left whose answer is overdue; `Infinity` if there is none since the last start.
   * The other paths prove by packets that arrive later that only this path is silent. Packets that
   * arrived earlier may have left before all paths fell silent.
   */
  testedAt(now: number): number {
    if (this.#firstSentAt === Infinity) return Infinity;
    const sentAt = this.#isRepeated ? this.#firstSentAt : this.#sentAt;
    return now - sentAt >= this.#firstInterval ? sentAt : Infinity;
  }

  #begin(probeTimeout: number, timeout: number, now: number): void {
    this.#hasFailed = this.answered = false;
    this.challengeDue = true;
    this.#firstSentAt = Infinity;
    this.#interval = this.#firstInterval = Math.min(probeTimeout, LONGEST_FIRST_WAIT);
    this.#giveUpAt = now + timeout;
    this.deadline = this.#giveUpAt;
  }

  /** Ends it without a result. */
  stop(): void {
    this.challengeDue = false;
    this.#giveUpAt = this.deadline = Infinity;
    this.#challenges.length = 0;
  }

  /** Time has passed in which no answer could be seen. */
  extend(by: number): void {
    this.#giveUpAt += by;
  }

  /** The deadline has come. */
  expire(now: number): void {
    if (now < this.deadline) return;
    if (now >= this.#giveUpAt) {
      this.stop();
      this.#hasFailed = true;
      return;
    }
    this.challengeDue = true;
    this.deadline = this.#giveUpAt;
  }

  /** Whether validation was given up. */
  get failed(): boolean {
    return this.#hasFailed;
  }

  /** Whether validation was given up since the last call. */
  takeFailure(): boolean {
    const failed = this.#hasFailed;
    this.#hasFailed = false;
    return failed;
  }

  /**
   * A packet of the peer came by this 4-tuple. It works in that direction, so an overdue answer was
   * lost, and longer pauses would be useless.
   */
  onHeard(now: number): void {
    if (!this.pending || this.challengeDue) return;
    // Many are unanswered: it is rather a long way than a bad one, and the first must not be
    // forgotten before its answer can be there. But it may have been bad until now.
    const isHurried = this.#challenges.length < MAX_HURRIED;
    this.#interval = isHurried ? this.#firstInterval : LONGEST_FIRST_WAIT;
    const next = this.#sentAt + this.#interval;
    if (next <= now) this.challengeDue = true;
    else this.deadline = Math.min(this.deadline, next);
  }

  /** A challenge arrived: it is answered on the 4-tuple it came by. */
  onChallenge(data: Uint8Array): void {
    if (this.#responses.length === MAX_RESPONSES) this.#responses.shift();
    this.#responses.push(data.slice());
  }

  /**
   * A response arrived.
   *
   * @returns The round-trip time in milliseconds, or -1 if it answers none of our challenges.
   */
  onResponse(data: Uint8Array, now: number): number {
    const challenge = this.#challenges.find((sent) => equalSecrets(sent.data, data));
    if (challenge === undefined) return -1;
    this.stop();
    this.answered = true;
    if (challenge.full) this.sizeProven = true;
    return now - challenge.sentAt;
  }

  /**
   * Writes what is due, as far as it fits.
   *
   * @param size The size that the datagram will have at least.
   */
  writeFrames(sink: FrameSink, size: number, now: number): void {
    while (this.#responses.length > 0 && sink.room >= 9) {
      writePathResponse(sink.writer, this.#responses.shift()!);
      // Never repeated: a peer that still needs the answer sends another challenge.
      sink.record(this, PATH_RESPONSE, 0, 0);
    }
    if (!this.challengeDue || sink.room < 9) return;
    const data = this.#random.bytes(8);
    if (this.#challenges.length === MAX_CHALLENGES) this.#challenges.shift();
    this.#challenges.push({ data, sentAt: now, full: size >= BASE_DATAGRAM_SIZE });
    this.#sentAt = now;
    this.#firstSentAt = Math.min(this.#firstSentAt, now);
    writePathChallenge(sink.writer, data);
    sink.record(this, PATH_CHALLENGE, 0, 0);
    this.challengeDue = false;
    this.deadline = Math.min(now + this.#interval, this.#giveUpAt);
    this.#interval *= 2;
  }

  onFrameAcked(_frame: SentFrame): void {
    // RFC 9000, Section 8.2.3: only a PATH_RESPONSE proves anything.
  }

  onFrameLost(_frame: SentFrame): void {
    // The timer repeats challenges; responses are not repeated.
  }
}
