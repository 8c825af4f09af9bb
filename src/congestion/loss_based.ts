// The base of the controllers that react to loss.

import {
  type CongestionController,
  type ControllerOptions,
  initialWindow,
  minimumWindow,
  type RttView,
  windowGain,
} from "./controller.ts";
import type { PacketSample } from "./packet_sample.ts";
import type { RateSample } from "./delivery_rate.ts";
import { HyStart } from "./hystart.ts";

/** Bandwidth-delay products that slow start may leave behind when it ends without loss. */
const EXIT_GAIN = 1.6;

/**
 * What the controllers that listen to loss have in common: slow start, epochs of loss, persistent
 * congestion, no growth of a window that is not used, and taking back what spurious losses did.
 *
 * A kind of its own says how the window grows in congestion avoidance and what one epoch of loss
 * leaves of it.
 */
export abstract class LossBased implements CongestionController {
  abstract readonly name: string;
  window: number;
  slowStartThreshold = Infinity;
  /** RFC 9002, Section 7.7: the pacer derives the rate. */
  readonly pacingRate = 0;
  /** Bytes in the largest datagram. */
  protected maxDatagramSize: number;
  /** The last smoothed round-trip time seen, in ms; 0 before the first. */
  protected smoothed = 0;
  readonly #hystart = new HyStart();
  /** With the largest datagram size that the window has been calculated for. */
  #options: ControllerOptions;
  /** The largest rate delivered in the first slow start, in bytes per ms. */
  #peakRate = 0;
  /** When a packet last left that filled the window. */
  #lastFull = -1;
  /** The newest epoch of loss and the one before; packets sent up to its start belong to it. */
  #epochStart = -1;
  #previousEpochStart = -1;
  /** Losses of the newest epoch that have not turned out to be spurious. */
  #epochLosses = 0;
  /** Losses that began no epoch, and when the last of them left. */
  #excused = 0;
  #excusedUpTo = -1;
  #canUndo = false;
  #savedWindow = 0;
  #savedThreshold = Infinity;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.maxDatagramSize = options.maxDatagramSize;
    this.window = initialWindow(options);
  }

  get inSlowStart(): boolean {
    return this.window < this.slowStartThreshold;
  }

  /** Grows the window for one packet acknowledged in congestion avoidance. */
  protected abstract avoid(acked: number, now: number): void;

  /** The window that an epoch of loss leaves, before the lower bound. */
  protected abstract reduced(now: number): number;

  /** The window goes on from here in congestion avoidance (or will, after slow start). */
  protected onEpoch(_now: number): void {}

  /** An acknowledgement did not grow the window, because the window was not used. */
  protected onUnused(): void {}

  /** Remembers what `restore` would take back. */
  protected save(): void {}

  /** Whether a loss that would begin an epoch is no sign of congestion. */
  protected excuses(_packet: PacketSample): boolean {
    return false;
  }

  /** Takes back what the last epoch of loss changed. */
  protected restore(): void {}

  /** Persistent congestion: the kind forgets what it knew of the path. */
  protected onPersistent(): void {}

  onSent(packet: PacketSample, bytesInFlight: number, _now: number): void {
    // RFC 9002, Section 7.8: in slow start pacing alone keeps up to half the window free.
    const used = this.inSlowStart ? 2 * bytesInFlight : bytesInFlight + this.maxDatagramSize;
    if (used > this.window) this.#lastFull = packet.timeSent;
  }

  onAcked(packet: PacketSample, rtt: RttView, _bytesInFlight: number, now: number): void {
    this.smoothed = rtt.smoothed;
    if (packet.timeSent <= this.#epochStart) return; // RFC 9002, Section 7.3.2: no growth
    if (this.inSlowStart) {
      this.#slowStart(packet);
    } else if (packet.timeSent <= this.#lastFull) {
      this.avoid(packet.size, now);
    } else {
      // RFC 9002, Section 7.8: the window was never full while this packet was under way.
      this.onUnused();
    }
  }

  onAckProcessed(sample: RateSample, rtt: RttView, _bytesInFlight: number, now: number): void {
    // RFC 9406, Section 4.3: only the first slow start has no threshold to stop at.
    if (this.slowStartThreshold !== Infinity) return;
    this.#peakRate = Math.max(this.#peakRate, sample.rate);
    this.#hystart.onAckProcessed(rtt.latest, now);
    if (!this.#hystart.isDone) return;
    this.#leaveSlowStart(rtt, now);
    this.onEpoch(now);
  }

  /** The round-trip time has risen: what is beyond the path's own share waits in a queue. */
  #leaveSlowStart(rtt: RttView, now: number): void {
    // It was noticed a round trip late, with the queue nearly full. Without letting it drain, the
    // first growth would overflow it. What any path is given at first is not too much for this one.
    const enough = EXIT_GAIN * this.#peakRate * rtt.min;
    if (this.#peakRate > 0 && enough < this.window) {
      const least = initialWindow(this.#options);
      this.window = Math.min(Math.max(enough, least), this.window);
    }
    this.slowStartThreshold = this.window;
    // What is under way left at the rate that was too high: its losses have been answered.
    this.#previousEpochStart = this.#epochStart;
    this.#epochStart = now;
    this.#epochLosses = 0;
    this.#canUndo = false;
  }

  onLost(packet: PacketSample, _bytesInFlight: number, persistent: boolean, now: number): void {
    // RFC 9002, Section 7.3.1: any loss ends slow start.
    if (packet.timeSent > this.#epochStart) {
      if (!persistent && this.excuses(packet)) return this.#excuse(packet);
      this.#beginEpoch(now);
    }
    // A straggler of the epoch before must not keep this one from being taken back.
    if (packet.timeSent > this.#previousEpochStart) this.#epochLosses++;
    if (!persistent) return;
    this.window = minimumWindow(this.maxDatagramSize);
    this.#canUndo = false;
    this.onPersistent();
  }

  onMarked(packet: PacketSample, _count: number, now: number): void {
    if (packet.timeSent > this.#epochStart) this.#beginEpoch(now);
    // A mark is no error: the epoch stands, even if all of its losses turn out to be spurious.
    this.#canUndo = false;
  }

  onSpuriousLoss(packet: PacketSample, _now: number): void {
    const { timeSent } = packet;
    if (this.#excused > 0 && timeSent <= this.#excusedUpTo) {
      this.#excused--;
      return;
    }
    if (timeSent > this.#epochStart || timeSent <= this.#previousEpochStart) return;
    if (--this.#epochLosses > 0 || !this.#canUndo) return;
    this.#canUndo = false;
    this.#epochStart = this.#previousEpochStart;
    this.#epochLosses = 0;
    // RFC 9438, Section 4.9.2: what has grown beyond it meanwhile is kept.
    if (this.window >= this.#savedWindow) return;
    this.window = this.#savedWindow;
    this.slowStartThreshold = this.#savedThreshold;
    this.restore();
  }

  onMtuChanged(maxDatagramSize: number): void {
    // RFC 9002, Section 7.2: the window never falls below two datagrams.
    this.maxDatagramSize = maxDatagramSize;
    if (this.slowStartThreshold === Infinity) {
      this.window += windowGain(this.#options, maxDatagramSize);
    }
    if (maxDatagramSize > this.#options.maxDatagramSize) {
      this.#options = { ...this.#options, maxDatagramSize };
    }
    this.window = Math.max(this.window, minimumWindow(maxDatagramSize));
  }

  close(): void {}

  /** The window stays as it is; should the loss be spurious, there is nothing to take back. */
  #excuse({ timeSent }: PacketSample): void {
    this.#excused++;
    this.#excusedUpTo = Math.max(this.#excusedUpTo, timeSent);
  }

  #slowStart(packet: PacketSample): void {
    const grown = this.slowStartThreshold === Infinity
      ? this.#hystart.growth(packet.size, packet.timeSent)
      : packet.size;
    if (packet.timeSent > this.#lastFull) return;
    this.window = Math.min(this.window + grown, this.slowStartThreshold);
  }

  #beginEpoch(now: number): void {
    this.#savedWindow = this.window;
    this.#savedThreshold = this.slowStartThreshold;
    this.save();
    this.#canUndo = true;
    this.#previousEpochStart = this.#epochStart;
    this.#epochStart = now;
    this.#epochLosses = 0;
    this.window = Math.max(this.reduced(now), minimumWindow(this.maxDatagramSize));
    this.slowStartThreshold = this.window;
    this.onEpoch(now);
  }
}
