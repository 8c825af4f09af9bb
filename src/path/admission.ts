// Decides which paths a peer may open.

import { Readiness } from "../scheduler/readiness.ts";
import type { Address } from "./address/address.ts";
import { Allowance } from "./network/allowance.ts";
import {
  MAX_PATHS_BURST,
  MAX_PATHS_PER_SECOND,
  MAX_SAME_TUPLE,
  MAX_UNPROVEN,
} from "../limits/limits.ts";
import type { Path } from "./path.ts";
import type { Port } from "./address/port.ts";

/** The decision about a path that the peer would open. */
export const Verdict = {
  Admitted: 0,
  /** Not now: as if the packet had been lost, and the peer will ask again. */
  Later: 1,
  /** Not at all: the path ID is abandoned. */
  Refused: 2,
} as const;
/** One of the values of {@linkcode Verdict}. */
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/**
 * Decides which paths a peer may open (MPQUIC, Section 7.2: opening a path costs the peer little;
 * it costs us state, and packets to addresses that may belong to others). MPQUIC, Section 7.1
 * prefers that nothing is allocated before a path is validated. But challenges need packet numbers,
 * and the packets of the peer must be told apart, so a path of 3 kB exists, and a peer has at most
 * two of them at a time.
 */
export class Admission {
  readonly #rate = new Allowance(MAX_PATHS_BURST);

  /** Asked once for each packet that would open a path. */
  judge(paths: readonly Path[], port: Port, remote: Address, now: number): Verdict {
    let unproven = 0;
    let same = 0;
    for (const { readiness, current } of paths) {
      if (readiness < Readiness.Opening) continue;
      if (!current.validated) unproven++;
      if (current.is(port, remote)) same++;
    }
    if (same >= MAX_SAME_TUPLE) return Verdict.Refused;
    if (unproven >= MAX_UNPROVEN) return Verdict.Later;
    const period = 1_000 * MAX_PATHS_BURST / MAX_PATHS_PER_SECOND;
    return this.#rate.take(period, now) ? Verdict.Admitted : Verdict.Later;
  }
}
