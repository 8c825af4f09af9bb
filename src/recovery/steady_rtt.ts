// The round-trip time of a path without the pauses of its link.

/** A sample above this many times the expected maximum belongs to a pause; below it, to jitter. */
const PAUSE = 2;

/**
 * Round-trip time of a network path as it is between pauses. Times in milliseconds.
 *
 * A radio that holds everything back for some seconds, and loses nothing, makes samples as long as
 * the pause. RFC 9002, Section 5.3 has them all in its mean, which takes dozens of samples to
 * forget them; until then a path that dies is waited for as long. So what was under way in a pause
 * is left out here. Two such pauses without a sample between them are none: the path has become
 * slow, and the second counts.
 */
export class SteadyRtt {
  smoothed: number;
  variation: number;
  /** Whether a probe timeout has passed since the last answer. */
  #isSilent = false;
  /** When the last pause ended. */
  #heldUntil = -Infinity;
  /** Whether there was a sample since. */
  #isSettled = true;

  /** @param initial What to assume before the first sample. */
  constructor(initial: number) {
    this.smoothed = initial;
    this.variation = initial / 2;
  }

  /** Starts again from known values. */
  reset(smoothed: number, variation: number): void {
    this.smoothed = smoothed;
    this.variation = variation;
  }

  /** A probe timeout passed. */
  onSilence(): void {
    this.#isSilent = true;
  }

  /**
   * Takes a sample.
   *
   * @param adjusted The sample without what the peer waited.
   */
  update(adjusted: number, timeSent: number, now: number): void {
    if (this.#isHeld(adjusted, timeSent, now)) return;
    this.#isSettled = true;
    this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.smoothed - adjusted);
    this.smoothed = 0.875 * this.smoothed + 0.125 * adjusted;
  }

  #isHeld(adjusted: number, timeSent: number, now: number): boolean {
    if (timeSent <= this.#heldUntil) return true;
    const isPause = this.#isSilent &&
      adjusted > PAUSE * (this.smoothed + 4 * this.variation);
    this.#isSilent = false;
    if (!isPause || !this.#isSettled) return false;
    this.#isSettled = false;
    this.#heldUntil = now;
    return true;
  }

  /** Takes over what another one measured. */
  inherit(other: SteadyRtt): void {
    this.reset(other.smoothed, other.variation);
  }
}
