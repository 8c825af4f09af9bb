// The ECN field of the IP header: its marks, and how many of each came (RFC 9000, Section 13.4).

/** The mark of one datagram: whether routers may mark it, and whether one did. */
export const Ecn = {
  /** Not ECN-capable: a router that is congested drops it. */
  NotEct: 0,
  /** ECN-capable, the second of two ways to say it. This code never sends it. */
  Ect1: 1,
  /** ECN-capable: a router that is congested may mark it instead. */
  Ect0: 2,
  /** Congestion experienced. */
  Ce: 3,
} as const;
/** One of the marks. */
export type Ecn = (typeof Ecn)[keyof typeof Ecn];

/** How many packets came with each mark (RFC 9000, Section 13.4.1). */
export class EcnCounts {
  #ect0 = 0;
  #ect1 = 0;
  #ce = 0;

  get ect0(): number {
    return this.#ect0;
  }

  get ect1(): number {
    return this.#ect1;
  }

  get ce(): number {
    return this.#ce;
  }

  /** Whether no packet came with a mark, so that there is nothing to report. */
  get isEmpty(): boolean {
    return this.#ect0 + this.#ect1 + this.#ce === 0;
  }

  /** A packet came. */
  add(mark: Ecn): void {
    if (mark === Ecn.Ect0) this.#ect0++;
    else if (mark === Ecn.Ect1) this.#ect1++;
    else if (mark === Ecn.Ce) this.#ce++;
  }
}
