// Decides which 0-RTT data are read.

import type { TransportConfig } from "../connection/config.ts";
import { loweredLimit, rememberedParameters } from "../connection/parameters/early_data.ts";
import { configuredParameters } from "../connection/parameters/local_parameters.ts";
import type { TransportParameters } from "../connection/parameters/parameter_table.ts";
import type { EarlyDataOffer } from "../tls/tls.ts";
import type { ReplayFilter } from "./replay_filter.ts";

/**
 * Decides which 0-RTT data are read: none twice (RFC 9846, Section 8), none beyond our limits. It
 * is asked only about tickets of its own server, so no other server has read the data either.
 */
export class EarlyDataGuard {
  readonly #limits: TransportParameters;
  readonly #filter: ReplayFilter;

  /** @param filter What all that share the server's name remember. */
  constructor(config: TransportConfig, filter: ReplayFilter) {
    this.#limits = configuredParameters(config, "server");
    this.#filter = filter;
  }

  /**
   * Whether the data of this offer are read.
   *
   * @param time Milliseconds since 1970.
   */
  accepts(offer: EarlyDataOffer, time: number): boolean {
    if (!this.#filter.isFirst(offer.id, time)) return false;
    const remembered = rememberedParameters(offer.transportParameters);
    // RFC 9000, Section 7.4.1: what the client relies on may not be less than it was.
    return remembered !== undefined && loweredLimit(remembered, this.#limits) === undefined;
  }
}
