// The congestion controller BBRv3.

import type { Random } from "../crypto/random.ts";
import { BbrModel, PACING_MARGIN } from "./bbr_model.ts";
import {
  type CongestionController,
  type ControllerOptions,
  initialWindow,
  type RttView,
  windowGain,
} from "./controller.ts";
import type { PacketSample } from "./packet_sample.ts";
import type { RateSample } from "./delivery_rate.ts";

/** What BBR is doing; the four phases of ProbeBW stand behind one another. */
export const BbrState = {
  Startup: 0,
  Drain: 1,
  ProbeDown: 2,
  ProbeCruise: 3,
  ProbeRefill: 4,
  ProbeUp: 5,
  ProbeRtt: 6,
} as const;
/** One of the states. */
export type BbrState = typeof BbrState[keyof typeof BbrState];

/** Pacing rate over bandwidth, and window over bandwidth-delay product, by state. */
const PACING_GAIN = [2.77, 0.5, 0.9, 1, 1, 1.25, 1];
const WINDOW_GAIN = [2, 2, 2, 2, 2, 2.25, 0.5];
const PROBE_RTT_DURATION = 200;
const PROBE_WAIT_BASE = 2000;
const PROBE_WAIT_SPREAD = 1000;
const PROBE_WAIT_ROUNDS = 63;
const STARTUP_LOSS_EVENTS = 6;
const MINIMUM_DATAGRAMS = 4;

/** What the ACKs that come in tell about: packets sent before, during or after a probe. */
const AckPhase = { Init: 0, Refilling: 1, ProbeStarting: 2, ProbeFeedback: 3, ProbeStopping: 4 };

/** BBRv3 (draft-ietf-ccwg-bbr): sends at the rate at which the path was seen to deliver. */
export class Bbr implements CongestionController {
  readonly name = "bbr";
  readonly slowStartThreshold: number = Infinity;
  window: number;
  pacingRate = 0;
  state: BbrState = BbrState.Startup;
  /** What is known of the path. */
  readonly model: BbrModel = new BbrModel();
  readonly #random: Random;
  /** With the largest datagram size that the window has been calculated for. */
  #options: ControllerOptions;
  readonly #initialWindow: number;
  #maxDatagramSize: number;
  #ackPhase: number = AckPhase.Init;
  #delivered = 0;
  #lost = 0;
  /** Losses of the last round that have not turned out to be spurious, and what they changed. */
  #recentLosses = 0;
  #recentSince = -1;
  #savedLong = Infinity;
  #cycleStart = 0;
  #probeWait = 0;
  #probeUpRounds = 0;
  #probeUpAcks = 0;
  #probeUpCount = Infinity;
  #isProbeSampling = false;
  #savedWindow = 0;
  #probeRttDoneAt = -1;
  #hasProbeRttRound = false;
  #isIdleRestart = false;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#maxDatagramSize = options.maxDatagramSize;
    this.#random = options.random;
    this.#initialWindow = initialWindow(options);
    this.window = Math.max(this.#initialWindow, this.#minimum);
  }

  get inSlowStart(): boolean {
    return this.state === BbrState.Startup;
  }

  get #minimum(): number {
    return MINIMUM_DATAGRAMS * this.#maxDatagramSize;
  }

  get #isProbingBandwidth(): boolean {
    return this.state >= BbrState.ProbeDown && this.state <= BbrState.ProbeUp;
  }

  onSent(packet: PacketSample, bytesInFlight: number, now: number): void {
    if (bytesInFlight > packet.size || !packet.appLimited) return;
    this.#isIdleRestart = true;
    if (this.#isProbingBandwidth) this.#setPacing(1);
    else if (this.state === BbrState.ProbeRtt) this.#checkProbeRttDone(now);
  }

  onAcked(): void {}

  onAckProcessed(sample: RateSample, rtt: RttView, bytesInFlight: number, now: number): void {
    const { model } = this;
    this.#delivered = sample.delivered;
    const isProbing = this.state === BbrState.Startup || this.state === BbrState.ProbeRefill ||
      this.state === BbrState.ProbeUp;
    if (sample.priorDelivered >= 0) {
      model.onSample(sample, this.window, isProbing, now);
      model.checkFullBandwidth(sample, this.state === BbrState.Startup, STARTUP_LOSS_EVENTS);
      this.#advance(sample, bytesInFlight, now);
      model.updateMinRtt(rtt.latest, now);
      this.#checkProbeRtt(bytesInFlight, now);
      model.finishSample(sample);
    }
    this.#setPacing(PACING_GAIN[this.state]!);
    if (model.maxBandwidth === 0 && rtt.smoothed > 0) {
      this.pacingRate = PACING_GAIN[0]! * this.window / rtt.smoothed;
    }
    this.#setWindow(sample);
    if (sample.newlyAcked > 0) this.#isIdleRestart = false;
  }

  onLost(packet: PacketSample, _bytesInFlight: number, persistent: boolean, now: number): void {
    const { model } = this;
    this.#lost += packet.size;
    model.onLost(packet.size);
    if (packet.timeSent > this.#recentSince) {
      this.#recentSince = now;
      this.#recentLosses = 0;
      this.#savedLong = model.inflightLong;
    }
    this.#recentLosses++;
    const lost = this.#lost - packet.lostAtSend;
    if (
      this.#isProbeSampling && model.isTooMuch(packet.inFlightAtSend, lost, this.#maxDatagramSize)
    ) {
      const inFlight = model.inflightAtThreshold(packet.inFlightAtSend, lost, packet.size);
      this.#onTooMuch(inFlight, packet.appLimited, now);
    }
    // The path was silent for long: begin small, the model tells how far to go.
    if (persistent) this.window = this.#minimum;
  }

  onMarked(packet: PacketSample, _count: number, now: number): void {
    this.model.onMarked(this.state === BbrState.Startup);
    if (this.#isProbeSampling) this.#onTooMuch(packet.inFlightAtSend, packet.appLimited, now);
  }

  onSpuriousLoss(packet: PacketSample, _now: number): void {
    this.#lost = Math.max(0, this.#lost - packet.size);
    if (packet.timeSent > this.#recentSince || --this.#recentLosses > 0) return;
    this.#recentSince = -1;
    this.model.resetShortTerm();
    this.model.allowInflight(this.#savedLong);
  }

  onMtuChanged(maxDatagramSize: number): void {
    this.#maxDatagramSize = maxDatagramSize;
    if (this.inSlowStart) this.window += windowGain(this.#options, maxDatagramSize);
    if (maxDatagramSize > this.#options.maxDatagramSize) {
      this.#options = { ...this.#options, maxDatagramSize };
    }
    this.window = Math.max(this.window, this.#minimum);
  }

  close(): void {}

  #advance(sample: RateSample, bytesInFlight: number, now: number): void {
    const { model } = this;
    if (this.state === BbrState.Startup && model.isFullBandwidthReached) {
      this.state = BbrState.Drain;
    }
    const full = model.bandwidthDelay(model.maxBandwidth);
    if (this.state === BbrState.Drain && bytesInFlight <= full) this.#startDown(now);
    if (!model.isFullBandwidthReached) return;
    this.#adaptLongTerm(sample, now);
    if (this.state === BbrState.ProbeDown) {
      if (this.#startRefillWhenDue(now)) return;
      const most = Math.min(full, model.withHeadroom(this.#maxDatagramSize));
      if (bytesInFlight <= Math.max(most, this.#minimum)) this.state = BbrState.ProbeCruise;
    } else if (this.state === BbrState.ProbeCruise) {
      this.#startRefillWhenDue(now);
    } else if (this.state === BbrState.ProbeRefill) {
      if (model.isRoundStart) this.#startUp(sample, now);
    } else if (this.state === BbrState.ProbeUp) {
      // As long as the long-term bound holds us back, a flat bandwidth says nothing.
      if (this.#isWindowFull(sample) && this.window >= model.inflightLong) {
        model.resetFullBandwidth(sample.rate);
      } else if (model.isFullBandwidthNow) this.#startDown(now);
    }
  }

  #isWindowFull(sample: RateSample): boolean {
    return sample.priorInFlight + this.#maxDatagramSize > this.window;
  }

  #adaptLongTerm(sample: RateSample, now: number): void {
    const { model } = this;
    if (model.isRoundStart && this.#ackPhase === AckPhase.ProbeStarting) {
      this.#ackPhase = AckPhase.ProbeFeedback;
    }
    if (model.isRoundStart && this.#ackPhase === AckPhase.ProbeStopping) {
      this.#isProbeSampling = false;
      this.#ackPhase = AckPhase.Init;
      if (this.#isProbingBandwidth && !sample.appLimited) model.advanceMaxBandwidth();
    }
    if (model.isTooMuch(sample.inFlightAtSend, sample.lostInFlight, this.#maxDatagramSize)) {
      if (this.#isProbeSampling) this.#onTooMuch(sample.inFlightAtSend, sample.appLimited, now);
      return;
    }
    if (model.inflightLong === Infinity) return;
    model.allowInflight(sample.inFlightAtSend);
    if (this.state === BbrState.ProbeUp) this.#raiseLongTerm(sample);
  }

  /** The window grows past its bound, twice as fast each round. */
  #raiseLongTerm(sample: RateSample): void {
    if (!this.#isWindowFull(sample) || this.window < this.model.inflightLong) return;
    this.#probeUpAcks += sample.newlyAcked;
    if (this.#probeUpAcks >= this.#probeUpCount) {
      const steps = Math.floor(this.#probeUpAcks / this.#probeUpCount);
      this.#probeUpAcks -= steps * this.#probeUpCount;
      this.model.raiseInflight(steps * this.#maxDatagramSize);
    }
    if (this.model.isRoundStart) this.#steepen();
  }

  #steepen(): void {
    this.#probeUpCount = Math.max(this.window / 2 ** this.#probeUpRounds, this.#maxDatagramSize);
    this.#probeUpRounds = Math.min(this.#probeUpRounds + 1, 30);
  }

  #onTooMuch(inFlight: number, isAppLimited: boolean, now: number): void {
    const { model } = this;
    this.#isProbeSampling = false;
    if (!isAppLimited) {
      const target = Math.min(model.bandwidthDelay(model.maxBandwidth), this.window);
      model.limitInflight(inFlight, target);
    }
    if (this.state === BbrState.ProbeUp) this.#startDown(now);
  }

  #startDown(now: number): void {
    this.model.resetSignals();
    this.#probeUpCount = Infinity;
    this.model.startCycle(this.#random.below(2));
    this.#probeWait = PROBE_WAIT_BASE + this.#random.below(PROBE_WAIT_SPREAD);
    this.#cycleStart = now;
    this.#ackPhase = AckPhase.ProbeStopping;
    this.model.startRound(this.#delivered);
    this.state = BbrState.ProbeDown;
  }

  #startRefillWhenDue(now: number): boolean {
    const { model } = this;
    // A flow of Reno's would by now have grown by as many datagrams as fill the pipe.
    const datagrams = model.bandwidthDelay(model.bandwidth) / this.#maxDatagramSize;
    const isDue = now - this.#cycleStart > this.#probeWait ||
      model.roundsSinceProbe >= Math.min(Math.max(datagrams, 1), PROBE_WAIT_ROUNDS);
    if (!isDue) return false;
    model.resetShortTerm();
    this.#probeUpRounds = 0;
    this.#probeUpAcks = 0;
    this.#ackPhase = AckPhase.Refilling;
    model.startRound(this.#delivered);
    this.state = BbrState.ProbeRefill;
    return true;
  }

  #startUp(sample: RateSample, now: number): void {
    this.#isProbeSampling = true;
    this.#ackPhase = AckPhase.ProbeStarting;
    this.model.startRound(this.#delivered);
    this.model.resetFullBandwidth(sample.rate);
    this.#cycleStart = now;
    this.state = BbrState.ProbeUp;
    this.#steepen();
  }

  #checkProbeRtt(bytesInFlight: number, now: number): void {
    const { model } = this;
    if (this.state !== BbrState.ProbeRtt && model.isProbeRttDue && !this.#isIdleRestart) {
      this.#savedWindow = this.window;
      this.#probeRttDoneAt = -1;
      this.#ackPhase = AckPhase.ProbeStopping;
      model.startRound(this.#delivered);
      this.state = BbrState.ProbeRtt;
    }
    if (this.state !== BbrState.ProbeRtt) return;
    if (this.#probeRttDoneAt < 0) {
      if (bytesInFlight > this.#probeRttWindow()) return;
      this.#probeRttDoneAt = now + PROBE_RTT_DURATION;
      this.#hasProbeRttRound = false;
      model.startRound(this.#delivered);
      return;
    }
    if (model.isRoundStart) this.#hasProbeRttRound = true;
    if (this.#hasProbeRttRound) this.#checkProbeRttDone(now);
  }

  #checkProbeRttDone(now: number): void {
    if (this.#probeRttDoneAt < 0 || now <= this.#probeRttDoneAt) return;
    this.model.onRttProbed(now);
    this.window = Math.max(this.window, this.#savedWindow);
    this.model.resetShortTerm();
    if (this.model.isFullBandwidthReached) {
      this.#startDown(now);
      this.state = BbrState.ProbeCruise;
    } else {
      this.state = BbrState.Startup;
    }
  }

  #probeRttWindow(): number {
    const { model } = this;
    const half = WINDOW_GAIN[BbrState.ProbeRtt]! * model.bandwidthDelay(model.bandwidth);
    return Math.max(half, this.#minimum);
  }

  #setPacing(gain: number): void {
    const rate = gain * this.model.bandwidth * PACING_MARGIN;
    // Before the pipe is known to be full the rate only rises.
    if (this.model.isFullBandwidthReached || rate > this.pacingRate) this.pacingRate = rate;
  }

  #setWindow(sample: RateSample): void {
    const { model } = this;
    const full = model.bandwidthDelay(model.bandwidth);
    const spare = this.state === BbrState.ProbeUp ? 2 * this.#maxDatagramSize : 0;
    const most = Math.max(WINDOW_GAIN[this.state]! * full + model.extraAcked, this.#minimum) +
      spare;
    if (model.isFullBandwidthReached) {
      this.window = Math.min(this.window + sample.newlyAcked, most);
    } else if (this.window < most || sample.delivered < this.#initialWindow) {
      this.window += sample.newlyAcked;
    }
    if (this.state === BbrState.ProbeRtt) {
      this.window = Math.min(this.window, this.#probeRttWindow());
    }
    this.window = Math.max(Math.min(this.window, this.#bound()), this.#minimum);
  }

  /** What the model allows in flight in this state. */
  #bound(): number {
    const { model, state } = this;
    if (state === BbrState.ProbeRtt || state === BbrState.ProbeCruise) {
      return Math.min(model.withHeadroom(this.#maxDatagramSize), model.inflightShort);
    }
    return Math.min(
      this.#isProbingBandwidth ? model.inflightLong : Infinity,
      model.inflightShort,
    );
  }
}

/**
 * Makes a BBRv3 controller: it measures the bandwidth and the round-trip time of the path and keeps
 * to them; loss slows it down only when there is much of it.
 *
 * @param options What the network path offers.
 * @returns A controller for one network path.
 *
 * @example Choose it for a connection
 * ```ts
 * import { bbr, type CongestionControl } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = bbr;
 * ```
 *
 * @category Congestion control
 */
export function bbr(options: ControllerOptions): CongestionController {
  return new Bbr(options);
}
