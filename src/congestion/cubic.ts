// The congestion controller CUBIC (RFC 9438).

import type { CongestionController, ControllerOptions, RttView } from "./controller.ts";
import type { PacketSample } from "./packet_sample.ts";
import { LossBased } from "./loss_based.ts";
import { NoiseJudge } from "./noise_judge.ts";

/** How steeply the curve rises, in segments per second cubed (RFC 9438, Section 4.1.1). */
const C = 0.4;
/** What an epoch of loss leaves of the window (RFC 9438, Section 4.6). */
const BETA = 0.7;
/** Growth per round trip that makes AIMD with `BETA` as fast as Reno (RFC 9438, Section 4.3). */
const ALPHA = 3 * (1 - BETA) / (1 + BETA);

/**
 * The controller of RFC 9438, with HyStart++. Its curve is in segments and seconds. Noise of a link
 * is no congestion: one loss in a hundred would leave it a sixth of 20 Mbit/s.
 */
export class Cubic extends LossBased {
  override readonly name: string = "cubic";
  /** The window at the last loss, or less after fast convergence; in bytes, 0 before the first. */
  #max = 0;
  /** The window just before the threshold was last set. */
  #prior = 0;
  /** When the present stage of congestion avoidance began, less unused time; -1: not yet. */
  #epoch = -1;
  /** Seconds that the curve takes from the epoch to `#max`. */
  #k = 0;
  /** What Reno's window would be, in bytes. */
  #estimate = 0;
  /** When the window last grew, and whether it has not been used since. */
  #lastGrowth = 0;
  #wasUnused = false;
  #lastAck = 0;
  readonly #noise = new NoiseJudge();
  #savedMax = 0;
  #savedPrior = 0;
  #savedEpoch = -1;
  #savedK = 0;
  #savedEstimate = 0;

  override onSent(packet: PacketSample, bytesInFlight: number, now: number): void {
    // Silence is unused time as well; when the window was unused before, `avoid` counts it.
    if (bytesInFlight <= packet.size && this.#epoch >= 0 && !this.#wasUnused) {
      this.#epoch += now - this.#lastAck;
    }
    super.onSent(packet, bytesInFlight, now);
  }

  override onAcked(packet: PacketSample, rtt: RttView, bytesInFlight: number, now: number): void {
    this.#lastAck = now;
    this.#noise.onAcked(rtt, now);
    super.onAcked(packet, rtt, bytesInFlight, now);
  }

  protected override excuses(packet: PacketSample): boolean {
    return this.#noise.excuses(packet);
  }

  protected override avoid(acked: number, now: number): void {
    if (this.#epoch < 0) this.#begin(now);
    // RFC 9438, Section 5.8: time in which the window was not used does not count.
    if (this.#wasUnused) this.#epoch += now - this.#lastGrowth;
    this.#wasUnused = false;
    this.#lastGrowth = now;
    const elapsed = now - this.#epoch;
    const alpha = this.#estimate >= this.#prior ? 1 : ALPHA;
    this.#estimate += alpha * this.maxDatagramSize * acked / this.window;
    if (this.#curve(elapsed) < this.#estimate) {
      // RFC 9438, Section 4.3: never slower than Reno.
      this.window = Math.max(this.window, this.#estimate);
      return;
    }
    const target = this.#curve(elapsed + this.smoothed);
    const bounded = Math.min(Math.max(target, this.window), 1.5 * this.window);
    this.window += (bounded - this.window) * acked / this.window;
  }

  protected override reduced(_now: number): number {
    // RFC 9438, Section 4.7: a falling saturation point means that others want a share.
    const falling = this.window < this.#max;
    this.#max = falling ? this.window * (1 + BETA) / 2 : this.window;
    this.#prior = this.window;
    return this.window * BETA;
  }

  protected override onEpoch(_now: number): void {
    // Slow start may have ended without loss: then there is no maximum to return to.
    if (this.#max === 0) this.#prior = this.window;
    this.#epoch = -1;
  }

  protected override onUnused(): void {
    this.#wasUnused = true;
  }

  protected override onPersistent(): void {
    // RFC 9438, Section 4.8: the next stage starts flat, where slow start will have ended.
    this.#max = 0;
    this.#epoch = -1;
  }

  protected override save(): void {
    this.#savedMax = this.#max;
    this.#savedPrior = this.#prior;
    this.#savedEpoch = this.#epoch;
    this.#savedK = this.#k;
    this.#savedEstimate = this.#estimate;
  }

  protected override restore(): void {
    this.#max = this.#savedMax;
    this.#prior = this.#savedPrior;
    this.#epoch = this.#savedEpoch;
    this.#k = this.#savedK;
    this.#estimate = this.#savedEstimate;
    this.#wasUnused = true;
  }

  /** A stage of congestion avoidance begins with the first packet that grows the window. */
  #begin(now: number): void {
    this.#epoch = now;
    this.#wasUnused = false;
    this.#estimate = this.window;
    if (this.#max < this.window) this.#max = this.window;
    this.#k = Math.cbrt((this.#max - this.window) / this.maxDatagramSize / C);
  }

  /** The curve's window in bytes, `elapsed` ms after the epoch (RFC 9438, Section 4.2). */
  #curve(elapsed: number): number {
    const t = elapsed / 1000 - this.#k;
    return C * t * t * t * this.maxDatagramSize + this.#max;
  }
}

/**
 * Makes the controller of RFC 9438, the default: it returns fast to the window of the last loss,
 * waits there, then explores beyond it. Losses that have met no queue do not reduce the window, as
 * long as they are no more than 2 % of what is sent.
 *
 * @param options What the network path offers.
 * @returns A controller for one network path.
 *
 * @example Choose it for a connection
 * ```ts
 * import { type CongestionControl, cubic } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = cubic;
 * ```
 *
 * @category Congestion control
 */
export function cubic(options: ControllerOptions): CongestionController {
  return new Cubic(options);
}
