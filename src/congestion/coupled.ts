// The base of the coupled congestion controllers.

import type { ControllerOptions, RttView } from "./controller.ts";
import type { PacketSample } from "./packet_sample.ts";
import { type CoupledPath, CouplingGroup } from "./coupling_group.ts";
import { LossBased } from "./loss_based.ts";

/**
 * What LIA, OLIA and BALIA share: slow start and loss as in NewReno, and a group to ask in
 * congestion avoidance. Without a group a path is a group of its own, which is NewReno again.
 */
export abstract class Coupled extends LossBased implements CoupledPath {
  protected readonly group: CouplingGroup;
  /** Bytes delivered since the last epoch of loss, and between the two before it. */
  #sinceLoss = 0;
  #betweenLosses = 0;

  constructor(options: ControllerOptions) {
    super(options);
    this.group = options.group ?? new CouplingGroup();
    this.group.join(this);
  }

  get smoothedRtt(): number {
    return this.smoothed;
  }

  get lossInterval(): number {
    return Math.max(this.#sinceLoss, this.#betweenLosses);
  }

  override onAcked(packet: PacketSample, rtt: RttView, bytesInFlight: number, now: number): void {
    this.#sinceLoss += packet.size;
    super.onAcked(packet, rtt, bytesInFlight, now);
  }

  override close(): void {
    this.group.leave(this);
  }

  /** Adds to (or takes from) the window, within its lower bound. */
  protected add(bytes: number): void {
    this.window = Math.max(this.window + bytes, 2 * this.maxDatagramSize);
  }

  protected override reduced(_now: number): number {
    return this.window / 2;
  }

  protected override onEpoch(_now: number): void {
    this.#betweenLosses = this.#sinceLoss;
    this.#sinceLoss = 0;
  }
}
