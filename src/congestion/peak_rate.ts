// The largest of the rates that a path delivered lately.

import type { RateSample } from "./delivery_rate.ts";

/** Round trips that a rate is remembered for, at least; at most twice as many. */
const ROUNDS = 5;
/** A rate that was below this part of what it is now is still growing. */
const GROWTH = 0.8;

/**
 * The largest of the rates lately delivered. A maximum, since samples err towards too little: they
 * say what was sent and arrived, not what could have.
 */
export class PeakRate {
  #present = 0;
  #past = 0;
  #turnAt = 0;
  /** What the value was when the round trip before began, and the present one. */
  #before = 0;
  #atStart = 0;
  #roundEnds = 0;

  /** Bytes per millisecond; 0 while unknown. */
  get value(): number {
    return Math.max(this.#present, this.#past);
  }

  /** Whether the rate was smaller by a fifth or more one round trip ago: it is still growing. */
  get isGrowing(): boolean {
    return this.#before < GROWTH * this.value;
  }

  /** Takes a sample; its rate is 0 if it is none. */
  add({ rate, appLimited }: RateSample, smoothedRtt: number, now: number): void {
    if (!(rate > 0)) return;
    // A sample that lacked data shows only that the path is no slower.
    if (appLimited && (this.value === 0 || rate <= this.value)) return;
    if (now >= this.#roundEnds) {
      this.#before = this.#atStart;
      this.#atStart = this.value;
      this.#roundEnds = now + smoothedRtt;
    }
    if (now >= this.#turnAt) {
      this.#past = this.#present;
      this.#present = 0;
      this.#turnAt = now + ROUNDS * smoothedRtt;
    }
    if (rate > this.#present) this.#present = rate;
  }
}
