// What the peer reports of the ECN marks on packets of one space.

import type { AckFrame } from "../frame/ack_frame.ts";

/** The result of {@linkcode MarkReports.judge} for counts that cannot be true. */
export const REFUTED = -1;

/** The ECN counts of the peer for one packet number space (RFC 9000, Section 13.4.2.1). */
export class MarkReports {
  /** Packets that left ECN-capable. */
  #sent = 0;
  #ect0 = 0;
  #ce = 0;

  /** Whether any packet of the space left ECN-capable. */
  get isUsed(): boolean {
    return this.#sent > 0;
  }

  /** A packet left with ECT(0). */
  onSent(): void {
    this.#sent++;
  }

  /**
   * Compares the counts of an ACK with those before. The ACK must raise the largest number that is
   * acknowledged: counts of an older one prove nothing.
   *
   * @param acked How many packets that left with ECT(0) it newly acknowledges.
   * @returns How many packets came with the mark of congestion since, or {@linkcode REFUTED}.
   */
  judge(ack: AckFrame, acked: number): number {
    if (!ack.hasEcn) return acked > 0 ? REFUTED : 0;
    const ect0 = ack.ect0 - this.#ect0;
    const ce = ack.ce - this.#ce;
    this.#ect0 = ack.ect0;
    this.#ce = ack.ce;
    // No packet leaves with ECT(1), and no router marks a packet that is not ECN-capable.
    if (ack.ect1 > 0 || ack.ect0 + ack.ce > this.#sent) return REFUTED;
    return ect0 < 0 || ce < 0 || ect0 + ce < acked ? REFUTED : ce;
  }
}
