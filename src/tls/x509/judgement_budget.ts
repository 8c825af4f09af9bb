// The limit on the work of judging the certificates of a peer.

import { JUDGEMENT_BUDGET } from "../../limits/limits.ts";
import { Alert, alertError } from "../code/alert.ts";

/**
 * The cost of each step of a judgement, in microseconds, measured in the runtime and rounded up.
 */
export const JudgementCost = {
  /** To read one certificate, and each byte of it. */
  Certificate: 20,
  Byte: 0.1,
  /** To hash a byte of a list of revoked certificates, by processors without instructions for that. */
  HashedByte: 0.003,
  /** To look at one issuer for one certificate. */
  Issuer: 5,
  /** To compare a name with a constraint. */
  Comparison: 0.3,
} as const;

/**
 * The work that one judgement of the certificates of a peer may take in all: reading, searching,
 * signatures, names. A peer that sends certificates may have proven nothing yet, so the cost must
 * not depend on their content.
 */
export class JudgementBudget {
  #left: number;

  /** @param microseconds What may be spent. */
  constructor(microseconds: number = JUDGEMENT_BUDGET) {
    this.#left = microseconds;
  }

  /**
   * Takes the cost of a step before it is made.
   *
   * @throws {TransportError} When it is more than what is left; that ends the judgement.
   */
  spend(microseconds: number): void {
    this.#left -= microseconds;
    if (this.#left >= 0) return;
    throw alertError(
      Alert.BadCertificate,
      "Cannot verify the certificates: to judge so many keys, names and ways between them takes " +
        "more work than one handshake is granted",
    );
  }
}
