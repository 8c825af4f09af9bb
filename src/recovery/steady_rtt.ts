// The round-trip time of a path without the pauses of its link.

/** A sample above this many times the expected maximum belongs to a pause; below it, to jitter. */
const PAUSE = 2;
/**
 * What a link has held back comes at once when it lets go, and is answered. What comes later than that,
 * and than by this part of the time it took, was not held back.
 */
const LATE = 1 / 32;

/**
 * Round-trip time of a network path as it is between pauses. Times in milliseconds.
 *
 * A radio that holds everything back for some seconds, and loses nothing, makes samples as long as
 * the pause. RFC 9002, Section 5.3 has them all in its mean, which takes dozens of samples to
 * forget them; until then a path that dies is waited for as long. So what was under way in a pause
 * is left out here. Two such pauses without a sample between them are none: the path has become
 * slow, and the second counts. Nor is it a pause where all paths were silent together, and what was
 * sent meanwhile takes as long: the peer, or this machine, is busy.
 */
export class SteadyRtt {
  smoothed: number;
  variation: number;
  /** Whether a probe timeout has passed since the last answer. */
  #isSilent = false;
  /** When the last pause ended. */
  #heldUntil = -Infinity;
  /** Whether all paths were silent in it. */
  #wasShared = false;
  /** The same, of the silence that the next sample ends. */
  #isShared = false;
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

  /** The next sample ends a silence; whether all paths were silent. */
  endSilence(isShared: boolean): void {
    this.#isShared = isShared;
  }

  /**
   * Takes a sample.
   *
   * @param adjusted The sample without what the peer waited.
   * @returns Whether it counts: it is of no pause.
   */
  update(adjusted: number, timeSent: number, now: number): boolean {
    const isBusy = this.#isBusy(adjusted, timeSent, now);
    if (!isBusy && this.#isHeld(adjusted, timeSent, now)) return false;
    this.#isSettled = true;
    this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.smoothed - adjusted);
    this.smoothed = 0.875 * this.smoothed + 0.125 * adjusted;
    // Where there is another path, twice the mean is waited for: as long as this took.
    if (isBusy) this.smoothed = Math.max(this.smoothed, adjusted / 2);
    return !isBusy;
  }

  /** Whether all paths were silent, and nothing was held back: answers take long. */
  #isBusy(adjusted: number, timeSent: number, now: number): boolean {
    if (!this.#wasShared || timeSent > this.#heldUntil) return false;
    return now - this.#heldUntil > Math.max(LATE * adjusted, this.#longest);
  }

  /** What is above that is no jitter. */
  get #longest(): number {
    return PAUSE * (this.smoothed + 4 * this.variation);
  }

  #isHeld(adjusted: number, timeSent: number, now: number): boolean {
    if (timeSent <= this.#heldUntil) return true;
    const isPause = this.#isSilent && adjusted > this.#longest;
    this.#isSilent = false;
    if (!isPause || !this.#isSettled) return false;
    this.#isSettled = false;
    this.#heldUntil = now;
    this.#wasShared = this.#isShared;
    return true;
  }

  /** Takes over what another one measured. */
  inherit(other: SteadyRtt): void {
    this.reset(other.smoothed, other.variation);
  }
}
