// What a congestion controller is: its calls and its options.

import type { PacketSample } from "./packet_sample.ts";
import type { Random } from "../crypto/random.ts";
import type { CouplingGroup } from "./coupling_group.ts";
import type { RateSample } from "./delivery_rate.ts";

/**
 * Round-trip times of one network path in ms, as `RttEstimator` keeps them.
 *
 * @category Congestion control
 */
export interface RttView {
  /** The newest sample. */
  readonly latest: number;
  /** The moving average; a guess before the first sample. */
  readonly smoothed: number;
  /** The mean deviation from it. */
  readonly variation: number;
  /** The least sample; `Infinity` before the first. */
  readonly min: number;
}

/**
 * Decides how many bytes one network path may have in flight, and how fast they leave.
 *
 * All sizes are bytes, all times ms. The owner of the path calls, in this order:
 *
 * - a packet that counts leaves: `DeliveryRate.onSent`, then `onSent`
 * - an ACK arrives: for each newly acknowledged packet `DeliveryRate.onAcked`, then `onAcked`; if it
 *   had been declared lost, `DeliveryRate.onSpuriousLoss`, `DeliveryRate.onAcked`, `onSpuriousLoss`;
 *   for each packet declared lost `DeliveryRate.onLost`, then `onLost`; at the end
 *   `DeliveryRate.finish`, `onAckProcessed`, `DeliveryRate.next`
 * - an ACK reports new marks of congestion: `onMarked`, once, behind the acknowledged packets and
 *   before those that are lost
 * - a timer declares packets lost: `DeliveryRate.onLost`, then `onLost`, nothing more
 *
 * Packets are told apart by the time they left, never by number: the packet number spaces of the
 * handshake share one network path.
 *
 * @category Congestion control
 */
export interface CongestionController {
  /** For logs: `new_reno`, `cubic`, ... */
  readonly name: string;
  /** Bytes allowed in flight; at least two datagrams. */
  readonly window: number;
  /** Where slow start ends; `Infinity` until the first congestion. */
  readonly slowStartThreshold: number;
  /** Whether the window still grows as fast as it is acknowledged. */
  readonly inSlowStart: boolean;
  /** Bytes per ms to leave at; 0 lets the pacer derive it from window and round-trip time. */
  readonly pacingRate: number;

  /** A packet left. `bytesInFlight` includes it. */
  onSent(packet: PacketSample, bytesInFlight: number, now: number): void;
  /** A packet was acknowledged for the first time. `bytesInFlight` no longer includes it. */
  onAcked(packet: PacketSample, rtt: RttView, bytesInFlight: number, now: number): void;
  /** One ACK has been worked through, losses included. */
  onAckProcessed(sample: RateSample, rtt: RttView, bytesInFlight: number, now: number): void;
  /**
   * A packet is taken to be lost; only the first loss of an epoch reduces the window.
   *
   * @param bytesInFlight No longer includes the packet.
   * @param persistent Whether the losses found together establish persistent congestion.
   */
  onLost(packet: PacketSample, bytesInFlight: number, persistent: boolean, now: number): void;
  /** A packet given to `onLost` was acknowledged after all. `onAcked` is not called for it. */
  onSpuriousLoss(packet: PacketSample, now: number): void;
  /**
   * Packets came with the mark of congestion (RFC 9002, Section 7.1); like a loss, only the first
   * mark of an epoch reduces the window. Without this method no packet leaves ECN-capable.
   *
   * @param packet The newest packet of the ACK that reports them.
   * @param count How many packets came with it since the report before.
   */
  onMarked?(packet: PacketSample, count: number, now: number): void;
  /** Larger (or smaller) datagrams may be sent from now on. */
  onMtuChanged(maxDatagramSize: number): void;
  /** The network path is no longer used: leaves the coupling group, if there is one. */
  close(): void;
}

/**
 * What a controller is made from.
 *
 * @category Congestion control
 */
export interface ControllerOptions {
  /** Bytes in the largest datagram to be sent. */
  readonly maxDatagramSize: number;
  /**
   * Datagrams that may leave before the first acknowledgement.
   *
   * @default {10}
   */
  readonly initialWindow?: number;
  /** Chance, for controllers that spread their probes in time. */
  readonly random: Random;
  /** What couples the paths of one connection; `lia`, `olia` and `balia` need it to be of use. */
  readonly group?: CouplingGroup;
}

/**
 * Makes the congestion controller of one network path: `newReno`, `cubic`, `bbr`, `lia`, `olia`,
 * `balia`, or a function of your own.
 *
 * @example Choose one for a connection
 * ```ts
 * import { bbr, type CongestionControl } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = bbr;
 * ```
 *
 * @category Congestion control
 */
export type CongestionControl = (options: ControllerOptions) => CongestionController;

/** The window before the first acknowledgement, in bytes. */
export function initialWindow(options: ControllerOptions): number {
  // RFC 9002, Section 7.2: ten datagrams, but no more than 14720 bytes unless two are more.
  const { maxDatagramSize, initialWindow = 10 } = options;
  if (initialWindow !== 10) return Math.max(initialWindow, 2) * maxDatagramSize;
  return Math.min(10 * maxDatagramSize, Math.max(14_720, 2 * maxDatagramSize));
}

/**
 * The growth of an initial window without losses, when the size of datagrams on the path is known
 * (RFC 9002, Section 7.2: the initial window is calculated again).
 */
export function windowGain(options: ControllerOptions, maxDatagramSize: number): number {
  return Math.max(0, initialWindow({ ...options, maxDatagramSize }) - initialWindow(options));
}

/** The smallest window, in bytes: two datagrams (RFC 9002, Section 7.2). */
export function minimumWindow(maxDatagramSize: number): number {
  return 2 * maxDatagramSize;
}
