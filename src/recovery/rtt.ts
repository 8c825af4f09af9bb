// The round-trip time of a network path (RFC 9002, Section 5).

import { SteadyRtt } from "./steady_rtt.ts";

/** A path has become slow if its round trip takes so many times the least one, and 5 ms longer. */
const RISEN = 1.5;
const LEAST_RISE = 5;
/** So many samples in a row say so: jitter and single late packets do not. */
const RISEN_SAMPLES = 4;

/** Round-trip time of one network path (RFC 9002, Section 5). Times in milliseconds. */
export class RttEstimator {
  /** The newest sample. */
  latest = 0;
  /** The smoothed round-trip time; a guess until the first sample. */
  smoothed: number;
  /** The mean variation of samples. */
  variation: number;
  /**
   * The smallest sample, without subtracting the acknowledgement delay. If acknowledgements came
   * back by the path itself, only those samples count.
   */
  min = Infinity;
  /** The path by which the acknowledgements come that the minimum is of; -1 for the path itself. */
  minVia = -1;
  /** Whether a sample was taken. */
  isMeasured = false;
  /** When the first sample was taken. */
  measuredAt = Infinity;
  /** The round-trip time without pauses: how long an answer may take before another path is tried. */
  readonly steady: SteadyRtt;
  #validFrom = -Infinity;
  /** Samples in a row that are far above the minimum, though they met no queue of ours. */
  #risenCount = 0;
  /** The least of these since the last whole group, and the least of that group. */
  #risenLeast = Infinity;
  #risenBefore = Infinity;
  #calm = 0;
  /** Whether a sample was taken of what was sent after the handshake. */
  #isSettled = false;

  /** @param initial What to assume before the first sample. RFC 9002, Section 6.2.2: 333 ms. */
  constructor(initial = 333) {
    this.smoothed = initial;
    this.variation = initial / 2;
    this.steady = new SteadyRtt(initial);
  }

  /** What left before is no sample: our own clock has jumped, or this process stood still. */
  distrustBefore(time: number): void {
    this.#validFrom = time;
  }

  /** Whether what left at a time may be a sample. */
  trusts(timeSent: number): boolean {
    return timeSent >= this.#validFrom;
  }

  /** So many bytes in flight make no queue worth the name. */
  setCalm(bytes: number): void {
    this.#calm = bytes;
  }

  /**
   * Takes a sample.
   *
   * @param sample Time from sending to the acknowledgement.
   * @param ackDelay What the peer says it waited, already limited to what it may wait.
   * @param via The ID of the other path by which the acknowledgement came, if it did; else -1.
   * @param inFlight Bytes in flight when the packet had left, itself among them.
   */
  update(sample: number, ackDelay: number, via = -1, now = 0, inFlight = Infinity): void {
    this.latest = sample;
    // RFC 9002, Section 5.2: the minimum takes every sample as it is.
    this.#updateMin(sample, via);
    if (!this.isMeasured) {
      this.isMeasured = true;
      this.measuredAt = now;
      this.smoothed = sample;
      this.variation = sample / 2;
      this.steady.reset(sample, sample / 2);
      return;
    }
    // RFC 9002, Section 5.3: the delay is taken off unless that would go below the minimum.
    const adjusted = sample >= this.min + ackDelay ? sample - ackDelay : sample;
    this.variation = 0.75 * this.variation + 0.25 * Math.abs(this.smoothed - adjusted);
    this.smoothed = 0.875 * this.smoothed + 0.125 * adjusted;
    const isSteady = this.steady.update(adjusted, now - sample, now);
    if (via === this.minVia) {
      this.#updateRisen(sample - ackDelay, isSteady && inFlight <= this.#calm);
    }
  }

  /** The longer of what round trips take and what the newest took: losses are told by it. */
  get longer(): number {
    return Math.max(this.smoothed, this.latest);
  }

  /**
   * What the route takes now, as opposed to {@linkcode min}: another route, or a queue of others,
   * makes round trips longer, and no later sample takes the minimum back.
   */
  get floor(): number {
    if (this.#risenBefore === Infinity) return this.min;
    return Math.min(this.#risenBefore, this.#risenLeast);
  }

  /** Without the delay of the peer, even if that goes below a minimum that had less to send. */
  #updateRisen(sample: number, isCalm: boolean): void {
    if (sample <= Math.max(RISEN * this.min, this.min + LEAST_RISE)) return this.#forgetRisen();
    if (!isCalm) return;
    this.#risenLeast = Math.min(this.#risenLeast, sample);
    if (++this.#risenCount < RISEN_SAMPLES) return;
    this.#risenBefore = this.#risenLeast;
    this.#risenCount = 0;
    this.#risenLeast = Infinity;
  }

  #forgetRisen(): void {
    this.#risenCount = 0;
    this.#risenLeast = this.#risenBefore = Infinity;
  }

  /**
   * MPQUIC, Section 5.4: the minimum is of one way back, the path's own if it is used at all; a peer
   * may as well send all its acknowledgements by another.
   */
  #updateMin(sample: number, via: number): void {
    if (this.min === Infinity || (via !== this.minVia && this.minVia >= 0)) {
      this.min = sample;
      this.minVia = via;
    } else if (via === this.minVia && sample < this.min) {
      this.min = sample;
    }
  }

  /**
   * Starts from the time between PATH_CHALLENGE and PATH_RESPONSE, a first idea that the first
   * acknowledgement replaces.
   */
  seed(sample: number): void {
    if (this.isMeasured) return;
    this.latest = sample;
    this.smoothed = sample;
    this.variation = sample / 2;
    this.steady.reset(sample, sample / 2);
  }

  /**
   * The first sample after the handshake comes next: in those before, the peer may have calculated
   * for longer than the path takes, and it would be a dozen samples until that is forgotten.
   */
  settle(sample: number): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    if (sample >= this.smoothed) return;
    this.smoothed = sample;
    this.variation = Math.min(this.variation, sample / 2);
    this.steady.reset(this.smoothed, this.variation);
  }

  /** Takes over what another estimator measured: only the port of the peer changed. */
  inherit(other: RttEstimator): void {
    this.latest = other.latest;
    this.smoothed = other.smoothed;
    this.variation = other.variation;
    this.min = other.min;
    this.minVia = other.minVia;
    this.#risenCount = other.#risenCount;
    this.#risenLeast = other.#risenLeast;
    this.#risenBefore = other.#risenBefore;
    this.isMeasured = other.isMeasured;
    this.measuredAt = other.measuredAt;
    this.#isSettled = other.#isSettled;
    this.steady.inherit(other.steady);
  }

  /** Forgets the minimum, after persistent congestion. */
  restartMin(): void {
    this.min = this.isMeasured ? this.latest : Infinity;
    this.#forgetRisen();
  }

  /** The smoothed round-trip time without what was under way while a radio held everything back. */
  get unheld(): number {
    return Math.min(this.smoothed, this.steady.smoothed);
  }

  /** The probe timeout without backoff (RFC 9002, Section 6.2.1). */
  probeTimeout(maxAckDelay: number): number {
    return timeoutOf(this, maxAckDelay);
  }

  /** The probe timeout without backoff, from samples without pauses. */
  steadyTimeout(maxAckDelay: number): number {
    return Math.min(timeoutOf(this, maxAckDelay), timeoutOf(this.steady, maxAckDelay));
  }
}

function timeoutOf(
  { smoothed, variation }: { readonly smoothed: number; readonly variation: number },
  maxAckDelay: number,
): number {
  return smoothed + Math.max(4 * variation, 1) + maxAckDelay;
}
