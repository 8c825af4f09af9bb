// Limits how many handshakes begin per second, of a network and in all.

import { networkOf } from "../bytes/ip_prefix.ts";
import type { Neighbours } from "../limits/account.ts";
import {
  HANDSHAKES_PER_SECOND,
  HANDSHAKES_PER_SECOND_OF_NETWORK,
  MAX_RATED_NETWORKS,
  WARY_PERIOD,
} from "../limits/limits.ts";
import { Allowance } from "../path/network/allowance.ts";

/** How many handshakes begin per second: of a network, or in all. */
class Rate {
  readonly #allowance: Allowance;
  #waryUntil = -Infinity;

  constructor(perSecond: number) {
    this.#allowance = new Allowance(perSecond);
  }

  isWary(now: number): boolean {
    return now < this.#waryUntil;
  }

  take(now: number, cost: number): boolean {
    const taken = this.#allowance.take(1_000, now, cost);
    // For a while, so that the datagrams of one client are treated alike.
    if (!taken) this.#waryUntil = now + WARY_PERIOD;
    return taken;
  }
}

/** How many handshakes begin per second, of each network and in all. */
export class HandshakeRates {
  readonly #all = new Rate(HANDSHAKES_PER_SECOND);
  readonly #networks = new Map<string, Rate>();

  /** Whether there were more than usual a moment ago: clients must prove their addresses. */
  isWary(hostname: string, now: number): boolean {
    return this.#all.isWary(now) || this.#networks.get(networkOf(hostname))?.isWary(now) === true;
  }

  /**
   * One begins.
   *
   * @param neighbours Those of the client; the share of its network may be raised.
   * @returns Whether there are no more than usual.
   */
  take(hostname: string, { isExempt, network }: Neighbours, now: number): boolean {
    const isUsual = isExempt || this.#rateOf(networkOf(hostname)).take(now, 1 / network.factor);
    return isUsual && this.#all.take(now, 1);
  }

  #rateOf(network: string): Rate {
    let rate = this.#networks.get(network);
    if (rate === undefined) {
      if (this.#networks.size >= MAX_RATED_NETWORKS) this.#forgetOldest();
      this.#networks.set(network, rate = new Rate(HANDSHAKES_PER_SECOND_OF_NETWORK));
    }
    return rate;
  }

  /** A network that is forgotten may begin as many once more; in all there are no more for that. */
  #forgetOldest(): void {
    for (const network of this.#networks.keys()) {
      this.#networks.delete(network);
      return;
    }
  }
}
