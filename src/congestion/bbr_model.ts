// What BBR knows of a path.

import type { RateSample } from "./delivery_rate.ts";

/** Slightly less than the bandwidth leaves, so that queues run dry. */
export const PACING_MARGIN = 0.99;
/** The part of the packets in flight that may be lost before the window counts as too large. */
const LOSS_THRESHOLD = 0.02;
/** What loss leaves of a bound. */
const BETA = 0.7;
/** Part of the long-term bound that is left to others while cruising. */
const HEADROOM = 0.15;
/** How long the least round-trip time is believed, and when it is asked for again (ms). */
const MIN_RTT_WINDOW = 10_000;
const PROBE_RTT_INTERVAL = 5000;
/** Rounds in each half of the window over aggregation. */
const AGGREGATION_HALF = 5;

/**
 * What BBR believes of the path: bandwidth in bytes per ms, round-trip time in ms, and bounds on
 * what may be in flight, in bytes. The long-term bound remembers what a probe found to be too much,
 * the short-term ones what the present losses allow.
 */
export class BbrModel {
  minRtt = Infinity;
  /** The least round-trip time of the last five seconds is older than that. */
  isProbeRttDue = false;
  probeRttMinStamp = -1;
  inflightLong = Infinity;
  inflightShort = Infinity;
  bandwidthShort = Infinity;
  /** Whether the ACK under way began a round trip. */
  isRoundStart = false;
  roundsSinceProbe = 0;
  /** Bandwidth no longer grows: not in this phase of probing, and not since the beginning. */
  isFullBandwidthNow = false;
  isFullBandwidthReached = false;
  #fullBandwidth = 0;
  #flatRounds = 0;
  #nextRound = 0;
  #maxNow = 0;
  #maxBefore = 0;
  #minRttStamp = 0;
  #probeRttMin = Infinity;
  #bandwidthLatest = 0;
  #inflightLatest = 0;
  #lossRound = 0;
  #isLossRoundStart = false;
  #hasLoss = false;
  #lossesInRound = 0;
  #lostInRound = 0;
  #deliveredBeforeRound = 0;
  #extraStamp = -1;
  #extraDelivered = 0;
  #extraNow = 0;
  #extraBefore = 0;
  #extraRounds = 0;

  /** The highest bandwidth of this and the last cycle of probing. */
  get maxBandwidth(): number {
    return Math.max(this.#maxNow, this.#maxBefore);
  }

  /** The bandwidth to send at. */
  get bandwidth(): number {
    return Math.min(this.maxBandwidth, this.bandwidthShort);
  }

  /** Bytes that more than fill the pipe because acknowledgements come in lumps. */
  get extraAcked(): number {
    return Math.max(this.#extraNow, this.#extraBefore);
  }

  /** Bytes that fill the pipe, or 0 before the first samples. */
  bandwidthDelay(bandwidth: number): number {
    return this.minRtt === Infinity ? 0 : bandwidth * this.minRtt;
  }

  /** The long-term bound with room left for others. */
  withHeadroom(maxDatagramSize: number): number {
    if (this.inflightLong === Infinity) return Infinity;
    return this.inflightLong - Math.max(maxDatagramSize, HEADROOM * this.inflightLong);
  }

  /** Starts a round that ends with the first packet sent from now on. */
  startRound(delivered: number): void {
    this.#nextRound = delivered;
  }

  /** Takes in one ACK; `isProbing` while losses are judged by the long-term bound alone. */
  onSample(sample: RateSample, window: number, isProbing: boolean, now: number): void {
    this.#updateLatest(sample);
    this.#updateRound(sample);
    if (sample.rate > 0 && (sample.rate >= this.maxBandwidth || !sample.appLimited)) {
      this.#maxNow = Math.max(this.#maxNow, sample.rate);
    }
    if (sample.newlyLost > 0) this.#hasLoss = true;
    if (this.#isLossRoundStart) {
      if (this.#hasLoss && !isProbing) this.#adaptShortTerm(window);
      this.#hasLoss = false;
    }
    this.#updateAggregation(sample, window, now);
  }

  /** The last step for one ACK: what was the latest round is history. */
  finishSample(sample: RateSample): void {
    if (!this.#isLossRoundStart) return;
    this.#bandwidthLatest = sample.rate;
    this.#inflightLatest = delivery(sample);
  }

  /** Notes one lost packet of `size` bytes. */
  onLost(size: number): void {
    this.#lossesInRound++;
    this.#lostInRound += size;
  }

  /** Notes marks of congestion: what is in flight is too much. */
  onMarked(isStartup: boolean): void {
    this.#hasLoss = true;
    if (isStartup) this.#endStartup();
  }

  /**
   * Whether of `inFlight` bytes sent too many were `lost`.
   *
   * Two datagrams more than the threshold are let pass: in a flight of fewer than a hundred two
   * chance losses would otherwise be taken for a full queue, and cap the path for seconds.
   */
  isTooMuch(inFlight: number, lost: number, maxDatagramSize: number): boolean {
    return lost > inFlight * LOSS_THRESHOLD + 2 * maxDatagramSize;
  }

  /** Of `inFlight` bytes, how many there were when losses passed the threshold. */
  inflightAtThreshold(inFlight: number, lost: number, size: number): number {
    const before = inFlight - size;
    const lostBefore = lost - size;
    const excess = (LOSS_THRESHOLD * before - lostBefore) / (1 - LOSS_THRESHOLD);
    return Math.max(before + Math.max(excess, 0), 0);
  }

  /** A probe at `inFlight` bytes lost too many; `target` is what should have been in flight. */
  limitInflight(inFlight: number, target: number): void {
    this.inflightLong = Math.max(inFlight, target * BETA);
  }

  /** The long-term bound is `inFlight` bytes at least. */
  allowInflight(inFlight: number): void {
    this.inflightLong = Math.max(this.inflightLong, inFlight);
  }

  /** The long-term bound grows by so many bytes. */
  raiseInflight(bytes: number): void {
    this.inflightLong += bytes;
  }

  /** A cycle of probing begins; rounds count from so many. */
  startCycle(rounds: number): void {
    this.roundsSinceProbe = rounds;
  }

  /** The least round-trip time was just asked for. */
  onRttProbed(now: number): void {
    this.probeRttMinStamp = now;
  }

  /** Looks for three rounds without a quarter more bandwidth; judges losses of start-up as well. */
  checkFullBandwidth(sample: RateSample, isStartup: boolean, lossEvents: number): void {
    if (!this.isRoundStart) return;
    if (isStartup && this.#lossesInRound >= lossEvents) this.#checkStartupLoss(sample);
    this.#lossesInRound = 0;
    this.#lostInRound = 0;
    this.#deliveredBeforeRound = sample.delivered;
    if (this.isFullBandwidthNow || sample.appLimited) return;
    if (this.maxBandwidth >= this.#fullBandwidth * 1.25) {
      this.resetFullBandwidth(this.maxBandwidth);
      return;
    }
    this.isFullBandwidthNow = ++this.#flatRounds >= 3;
    if (this.isFullBandwidthNow) this.isFullBandwidthReached = true;
  }

  resetFullBandwidth(from: number): void {
    this.#fullBandwidth = from;
    this.#flatRounds = 0;
    this.isFullBandwidthNow = false;
  }

  /** Forgets the older of the two cycles. */
  advanceMaxBandwidth(): void {
    if (this.#maxNow === 0) return;
    this.#maxBefore = this.#maxNow;
    this.#maxNow = 0;
  }

  resetShortTerm(): void {
    this.bandwidthShort = Infinity;
    this.inflightShort = Infinity;
  }

  resetSignals(): void {
    this.#hasLoss = false;
    this.#bandwidthLatest = 0;
    this.#inflightLatest = 0;
  }

  updateMinRtt(latest: number, now: number): void {
    this.isProbeRttDue = this.probeRttMinStamp >= 0 &&
      now > this.probeRttMinStamp + PROBE_RTT_INTERVAL;
    if (latest > 0 && (latest < this.#probeRttMin || this.isProbeRttDue)) {
      this.#probeRttMin = latest;
      this.probeRttMinStamp = now;
    }
    if (this.#probeRttMin > this.minRtt && now <= this.#minRttStamp + MIN_RTT_WINDOW) return;
    this.minRtt = this.#probeRttMin;
    this.#minRttStamp = this.probeRttMinStamp;
  }

  #updateLatest(sample: RateSample): void {
    this.#isLossRoundStart = sample.priorDelivered >= this.#lossRound;
    if (this.#isLossRoundStart) this.#lossRound = sample.delivered;
    this.#bandwidthLatest = Math.max(this.#bandwidthLatest, sample.rate);
    this.#inflightLatest = Math.max(this.#inflightLatest, delivery(sample));
  }

  #updateRound(sample: RateSample): void {
    this.isRoundStart = sample.priorDelivered >= this.#nextRound;
    if (!this.isRoundStart) return;
    this.startRound(sample.delivered);
    this.roundsSinceProbe++;
  }

  #adaptShortTerm(window: number): void {
    const bandwidth = Math.min(this.bandwidthShort, this.maxBandwidth);
    const inflight = this.inflightShort === Infinity ? window : this.inflightShort;
    // What the margin holds back and tolerable loss takes is no sign of a slower path; without this
    // one per cent of random loss would wear the bounds down round by round.
    const tolerance = PACING_MARGIN * (1 - LOSS_THRESHOLD);
    const seen = this.#bandwidthLatest / tolerance;
    this.bandwidthShort = Math.min(bandwidth, Math.max(seen, BETA * bandwidth));
    const carried = this.#inflightLatest / tolerance;
    this.inflightShort = Math.min(inflight, Math.max(carried, BETA * inflight));
  }

  #checkStartupLoss(sample: RateSample): void {
    const delivered = sample.delivered - this.#deliveredBeforeRound;
    if (this.#lostInRound <= LOSS_THRESHOLD * (delivered + this.#lostInRound)) return;
    this.#endStartup();
  }

  #endStartup(): void {
    this.isFullBandwidthNow = true;
    this.isFullBandwidthReached = true;
    const full = this.bandwidthDelay(this.maxBandwidth);
    this.inflightLong = Math.max(full, this.#inflightLatest);
  }

  #updateAggregation(sample: RateSample, window: number, now: number): void {
    if (this.#extraStamp < 0) this.#extraStamp = now;
    let expected = this.bandwidth * (now - this.#extraStamp);
    if (this.#extraDelivered <= expected) {
      this.#extraDelivered = 0;
      this.#extraStamp = now;
      expected = 0;
    }
    this.#extraDelivered += sample.newlyAcked;
    const extra = Math.min(this.#extraDelivered - expected, window);
    if (this.isRoundStart && ++this.#extraRounds >= AGGREGATION_HALF) {
      this.#extraRounds = 0;
      this.#extraBefore = this.#extraNow;
      this.#extraNow = 0;
    }
    this.#extraNow = Math.max(this.#extraNow, extra);
  }
}

/** Bytes delivered while the newest packet of an ACK was under way. */
function delivery(sample: RateSample): number {
  return sample.priorDelivered < 0 ? 0 : sample.delivered - sample.priorDelivered;
}
