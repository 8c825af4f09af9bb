import { JUDGEMENT_BUDGET } from "../limits/limits.ts";
import { Alert, alertError } from "./alert.ts";

/** What steps of a judgement cost, in microseconds; measured in the runtime, rounded up. */
export const JudgementCost = {
  /** To read one certificate, and each byte of it. */
  Certificate: 20,
  Byte: 0.1,
  /** To look at one issuer for one certificate. */
  Issuer: 5,
  /** To compare a name with a constraint. */
  Comparison: 0.3,
} as const;

/**
 * The work that one judgement of a peer's certificates may take, all of it: reading, searching,
 * signatures, names. Whoever sends certificates need not be anybody yet, so what they cost must not
 * depend on what they hold.
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
