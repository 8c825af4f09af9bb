// Tells losses of a noisy link from losses of a full queue.

import type { RttView } from "./controller.ts";
import type { PacketSample } from "./packet_sample.ts";

/** The part of all packets whose losses may be noise. */
const NOISE = 0.02;
/** As many losses in a row may be noise; a queue that overflows loses more, or goes on losing. */
const MOST = 6;
/** Losses in a row that may be noise before anything has arrived. */
const FIRST = 2;
/** Acknowledged packets of which the least round-trip time tells of a queue, and the least number. */
const SAMPLES = 16;
const LEAST_SAMPLES = 4;
/** A queue is betrayed by this part of the round-trip time, within bounds (ms). */
const RISE_DIVISOR = 32;
const LEAST_RISE = 1;
/** Queues that CoDel manages are 5 ms long when it drops. */
const MOST_RISE = 4;
/** Where round-trip times vary, the least of them are farther apart. */
const VARIATIONS = 1.5;

/**
 * Tells the losses of a noisy link from those of a queue that overflows: what is lost while the
 * round-trip time is at its least has met no queue. As there are queues too short to be seen, and
 * policers that have none, no more than a small part of the packets counts as lost by noise.
 */
export class NoiseJudge {
  /** Losses that may be noise at present. */
  #allowance = FIRST;
  /** Round-trip times of the packets acknowledged last, and when that was. */
  readonly #rtts: number[] = [];
  readonly #times: number[] = [];
  #next = 0;
  #rtt: RttView | undefined = undefined;

  /** A packet was acknowledged. */
  onAcked(rtt: RttView, now: number): void {
    this.#rtt = rtt;
    this.#rtts[this.#next] = rtt.latest;
    this.#times[this.#next] = now;
    this.#next = (this.#next + 1) % SAMPLES;
    this.#allowance = Math.min(this.#allowance + NOISE, MOST);
  }

  /** Whether the loss of a packet is noise. */
  excuses({ timeSent }: PacketSample): boolean {
    if (this.#allowance < 1 || !this.#sawNoQueue(timeSent)) return false;
    this.#allowance--;
    return true;
  }

  /** Whether enough was acknowledged since a time, and none of it had met a queue. */
  #sawNoQueue(since: number): boolean {
    let count = 0;
    let least = Infinity;
    for (let i = 0; i < this.#times.length; i++) {
      if (this.#times[i]! <= since) continue;
      count++;
      least = Math.min(least, this.#rtts[i]!);
    }
    if (count < LEAST_SAMPLES) return false;
    const { min, variation } = this.#rtt!;
    const rise = Math.max(min / RISE_DIVISOR, LEAST_RISE, VARIATIONS * variation);
    return least <= min + Math.min(rise, MOST_RISE);
  }
}
