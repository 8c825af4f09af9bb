// Limits how many PATH_CHALLENGE frames are answered.

import { Allowance } from "./allowance.ts";
import { MAX_CHALLENGES_PER_RTT } from "../../limits/limits.ts";

/** Milliseconds; a shorter round trip counts as this long. */
const SHORTEST_ROUND_TRIP = 10;

/**
 * Which PATH_CHALLENGEs are answered. Each answer is a datagram of full size that no window holds
 * back (RFC 9000, Section 8.2.2), so that a flood of them would be sent on as a larger one.
 */
export class ChallengeBudget {
  readonly #allowance = new Allowance(MAX_CHALLENGES_PER_RTT);

  /**
   * Whether another challenge is answered. A challenge without an answer is repeated by the peer if
   * it matters.
   */
  take(roundTrip: number, now: number): boolean {
    return this.#allowance.take(Math.max(roundTrip, SHORTEST_ROUND_TRIP), now);
  }
}
