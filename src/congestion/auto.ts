// CUBIC on each path, coupled while paths share a bottleneck.

import type { CongestionController, ControllerOptions, RttView } from "./controller.ts";
import type { PacketSample } from "./packet_sample.ts";
import { type CoupledPath, CouplingGroup } from "./coupling_group.ts";
import { Cubic } from "./cubic.ts";
import { linkedIncrease } from "./lia.ts";
import type { RateSample } from "./delivery_rate.ts";
import { DelayMonitor, SharedBottlenecks } from "./shared_bottleneck.ts";

/** The paths of one connection that are watched together, by the group they were made with. */
const watches = new WeakMap<CouplingGroup, SharedBottlenecks>();

/**
 * CUBIC on each path, until paths are found to share a bottleneck (RFC 8382): those then grow
 * together, by the linked increases of RFC 6356, as long as they share it.
 */
export class Auto extends Cubic implements CoupledPath {
  override readonly name: string = "auto";
  readonly lossInterval = 0;
  readonly #group: CouplingGroup;
  readonly #watch: SharedBottlenecks;
  readonly #monitor = new DelayMonitor();
  #hasJoined = false;
  /** The paths that share this one's bottleneck, itself among them; alone most of the time. */
  #together: CoupledPath[] = [this];

  constructor(options: ControllerOptions) {
    super(options);
    this.#group = options.group ?? new CouplingGroup();
    this.#watch = watches.get(this.#group) ?? new SharedBottlenecks();
    watches.set(this.#group, this.#watch);
    this.#group.join(this);
  }

  get smoothedRtt(): number {
    return this.smoothed;
  }

  /** Whether the window grows together with those of other paths at present. */
  get isCoupled(): boolean {
    return this.#together.length > 1;
  }

  override onAckProcessed(
    sample: RateSample,
    rtt: RttView,
    bytesInFlight: number,
    now: number,
  ): void {
    super.onAckProcessed(sample, rtt, bytesInFlight, now);
    if (!this.#hasJoined) {
      this.#hasJoined = true;
      this.#watch.add(this.#monitor, now);
    }
    // QUIC has no timestamps: queues of the way back are taken for queues of the way there. Paths
    // that share either are not hurt by growing together.
    this.#monitor.onDelay(rtt.latest);
    if (this.#watch.update(now)) {
      for (const member of this.#group.members) if (member instanceof Auto) member.#regroup();
    }
  }

  override onLost(
    packet: PacketSample,
    bytesInFlight: number,
    persistent: boolean,
    now: number,
  ): void {
    this.#monitor.onLost();
    super.onLost(packet, bytesInFlight, persistent, now);
  }

  override onMarked(packet: PacketSample, count: number, now: number): void {
    this.#monitor.onLost(count);
    super.onMarked(packet, count, now);
  }

  override close(): void {
    // What is still under way may be acknowledged, and must not bring it back.
    this.#hasJoined = true;
    this.#watch.remove(this.#monitor);
    this.#group.leave(this);
  }

  #regroup(): void {
    this.#together = this.#group.members.filter((member) =>
      member === this ||
      (member instanceof Auto && this.#watch.shares(this.#monitor, member.#monitor))
    );
  }

  protected override avoid(acked: number, now: number): void {
    if (!this.isCoupled) return super.avoid(acked, now);
    this.window += linkedIncrease(this, this.#together, acked, this.maxDatagramSize);
  }

  protected override reduced(now: number): number {
    const alone = super.reduced(now);
    return this.isCoupled ? this.window / 2 : alone;
  }
}

/**
 * Makes a controller that is CUBIC, coupled with those of other paths while they share a
 * bottleneck: a connection then takes no more there than one with a single path would.
 *
 * @param options What the network path offers; the group tells which paths belong together.
 * @returns A controller for one network path.
 *
 * @example Choose it for a connection
 * ```ts
 * import { auto, type CongestionControl } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = auto;
 * ```
 *
 * @category Congestion control
 */
export function auto(options: ControllerOptions): CongestionController {
  return new Auto(options);
}
