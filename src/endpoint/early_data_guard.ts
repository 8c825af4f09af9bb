// Decides which 0-RTT data are read.

import { toHex } from "../bytes/bytes.ts";
import type { TransportConfig } from "../connection/config.ts";
import { loweredLimit, rememberedParameters } from "../connection/parameters/early_data.ts";
import { configuredParameters } from "../connection/parameters/local_parameters.ts";
import type { TransportParameters } from "../connection/parameters/parameter_table.ts";
import type { EarlyDataOffer } from "../tls/tls.ts";
import { MAX_EARLY_DATA_REMEMBERED } from "../limits/limits.ts";

/**
 * Milliseconds for which a ClientHello is remembered. TLS refuses early data whose ticket age is
 * off by more than ten seconds either way; within that time, once is enough.
 */
const WINDOW = 20_000;

/**
 * Decides which 0-RTT data are read: none twice (RFC 9846, Section 8), none beyond our limits. It
 * is asked only about tickets of its own server, so no other server has read the data either.
 */
export class EarlyDataGuard {
  readonly #limits: TransportParameters;
  #seen = new Set<string>();
  #seenBefore = new Set<string>();
  #windowEnd = -Infinity;

  constructor(config: TransportConfig) {
    this.#limits = configuredParameters(config, "server");
  }

  /** Whether the data of this offer are read. */
  accepts(offer: EarlyDataOffer, now: number): boolean {
    if (!this.#isNew(toHex(offer.id), now)) return false;
    const remembered = rememberedParameters(offer.transportParameters);
    // RFC 9000, Section 7.4.1: what the client relies on may not be less than it was.
    return remembered !== undefined && loweredLimit(remembered, this.#limits) === undefined;
  }

  #isNew(id: string, now: number): boolean {
    if (now >= this.#windowEnd) {
      const isRecent = now < this.#windowEnd + WINDOW;
      this.#seenBefore = isRecent ? this.#seen : new Set();
      this.#seen = new Set();
      this.#windowEnd = now + WINDOW;
    }
    if (this.#seen.has(id) || this.#seenBefore.has(id)) return false;
    if (this.#seen.size >= MAX_EARLY_DATA_REMEMBERED) return false;
    this.#seen.add(id);
    return true;
  }
}
