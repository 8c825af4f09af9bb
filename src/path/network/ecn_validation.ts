// Finds out whether a network path carries ECN marks (RFC 9000, Section 13.4.2).

import { Ecn } from "../../bytes/ecn.ts";
import type { RttEstimator } from "../../recovery/rtt.ts";

/** RFC 9000, Section 13.4.2: packets that leave ECN-capable before any of them is answered. */
const TESTED_PACKETS = 10;
/**
 * Round trips, and packets, that all came as congested until the marks count as stuck. By then every
 * congestion control has gone down to its smallest window, and no queue is due to it any more.
 */
const STUCK_ROUND_TRIPS = 16;
const STUCK_PACKETS = 30;

/** How far the validation is; the words but the first are those of RFC 9000, Appendix A.4. */
export type EcnState = "not supported" | "testing" | "unknown" | "capable" | "failed";

/**
 * Whether packets of one 4-tuple leave ECN-capable. The first ones do. If the peer reports their
 * marks, all others do as well; if all of them are lost, or marks are missing or false, or all came
 * as congested, none does any more. Nor does any after a path, later, marked all of them for long.
 */
export class EcnValidation {
  #state: EcnState;
  #sent = 0;
  #lost = 0;
  #acked = 0;
  #congested = 0;
  /** When the first ECN-capable packet left. */
  #startedAt = 0;
  /** Since when all came as congested, and how many those are. */
  #allCongestedSince = Infinity;
  #allCongested = 0;

  /** @param isSupported Whether the port sets marks, and the congestion controller heeds them. */
  constructor(isSupported: boolean) {
    this.#state = isSupported ? "testing" : "not supported";
  }

  get state(): EcnState {
    return this.#state;
  }

  /** Packets that came with the mark of congestion, as far as the peer is believed. */
  get congested(): number {
    return this.#congested;
  }

  /** The mark of the datagram that leaves next. */
  mark(rtt: RttEstimator, now: number): Ecn {
    if (this.#state === "testing") this.#endTest(rtt, now);
    return this.#state === "testing" || this.#state === "capable" ? Ecn.Ect0 : Ecn.NotEct;
  }

  /**
   * Where marked packets vanish, a handshake should go on with its first repetition: nothing is
   * marked after one probe timeout without an answer. RFC 9000, Section 13.4.2 allows three.
   */
  #endTest(rtt: RttEstimator, now: number): void {
    if (this.#sent === 0) return;
    if (this.#sent < TESTED_PACKETS && now < this.#startedAt + rtt.probeTimeout(0)) return;
    this.#state = "unknown";
    this.#checkLosses();
  }

  /** An ECN-capable packet left that will be acknowledged or lost. */
  onSent(now: number): void {
    if (this.#sent++ === 0) this.#startedAt = now;
  }

  /** An ECN-capable packet is taken to be lost. */
  onLost(): void {
    this.#lost++;
    this.#checkLosses();
  }

  /** Something on the way may drop what is ECN-capable. */
  #checkLosses(): void {
    if (this.#state === "unknown" && this.#acked === 0 && this.#lost >= this.#sent) this.fail();
  }

  /**
   * The peer reports marks that can be true.
   *
   * @param acked How many ECN-capable packets are newly acknowledged.
   * @param congested How many came with the mark of congestion since the report before.
   * @returns Whether there is congestion to react to.
   */
  onReported(acked: number, congested: number, rtt: RttEstimator, now: number): boolean {
    this.#acked += acked;
    if (this.#state === "failed" || this.#state === "not supported") return false;
    this.#congested += congested;
    if (this.#state !== "capable" && this.#acked > 0) this.#decide();
    else if (this.#isStuck(acked, congested, rtt, now)) this.fail();
    return this.#state === "capable" && congested > 0;
  }

  /** RFC 9000, Appendix A.4: a path that marks every packet tells nothing about congestion. */
  #decide(): void {
    if (this.#congested < this.#acked) this.#state = "capable";
    else if (this.#acked >= TESTED_PACKETS) this.fail();
  }

  /** Whether the path has begun to mark every packet, whatever is sent. */
  #isStuck(acked: number, congested: number, rtt: RttEstimator, now: number): boolean {
    if (acked === 0) return false;
    if (congested < acked) {
      this.#allCongestedSince = Infinity;
      return false;
    }
    if (this.#allCongestedSince === Infinity) {
      this.#allCongestedSince = now;
      this.#allCongested = 0;
    }
    this.#allCongested += acked;
    return this.#allCongested >= STUCK_PACKETS &&
      now - this.#allCongestedSince >= STUCK_ROUND_TRIPS * rtt.smoothed;
  }

  /** No packet leaves ECN-capable any more (RFC 9000, Section 13.4.2.2). */
  fail(): void {
    if (this.#state !== "not supported") this.#state = "failed";
  }
}
