// The latency spin bit of a network path (RFC 9000, Section 17.4).

import type { Random } from "../../crypto/random.ts";

/**
 * One of this many network paths does without the spin bit even where it is wanted (RFC 9000,
 * Section 17.4).
 */
const DISABLED_OF = 16;

/** The latency spin bit of one network path: lets those on the way measure round trips. */
export class Spin {
  /** The bit to send. */
  value: number;
  readonly #isEnabled: boolean;

  /** @param wanted Whether this end takes part at all. */
  constructor(wanted: boolean, random: Random) {
    this.#isEnabled = wanted && random.below(DISABLED_OF) !== 0;
    // RFC 9000, Section 17.4: an endpoint that does not take part sends a random bit.
    this.value = this.#isEnabled ? 0 : random.below(2);
  }

  /**
   * A packet came whose number is the highest so far.
   *
   * @param inverts Whether this end is the client, which turns the bit over.
   */
  onReceived(bit: number, inverts: boolean): void {
    if (this.#isEnabled) this.value = inverts ? 1 - bit : bit;
  }
}
