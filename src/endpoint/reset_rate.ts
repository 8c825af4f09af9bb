// Limits how many stateless resets are sent per second, to each site and in all.

import { siteOf } from "../bytes/ip_prefix.ts";
import {
  RESETS_PER_SECOND,
  RESETS_PER_SECOND_AT_FIRST,
  RESTART_TIME,
  SITES_OF_RESETS,
} from "../limits/limits.ts";

/** How many stateless resets are sent per second, to each site and in all. */
export class ResetRate {
  readonly #isExempt: (hostname: string) => boolean;
  /** When the first packet of an unknown connection came. */
  #startedAt: number | undefined;
  /** Since when it is counted, and how many there were since: in all, and to each site. */
  #countedFrom = -Infinity;
  #count = 0;
  readonly #sites = new Map<string, number>();

  /** @param isExempt Whether many clients are behind an address, as behind a balancer's. */
  constructor(isExempt: (hostname: string) => boolean) {
    this.#isExempt = isExempt;
  }

  /** Whether another one may be sent to an address; if so, it counts. */
  take(hostname: string, now: number): boolean {
    if (now - this.#countedFrom >= 1_000) {
      this.#countedFrom = now;
      this.#count = 0;
      this.#sites.clear();
    }
    this.#startedAt ??= now;
    const isNew = now - this.#startedAt < RESTART_TIME;
    const most = isNew ? RESETS_PER_SECOND_AT_FIRST : RESETS_PER_SECOND;
    if (this.#count >= most) return false;
    if (!this.#isExempt(hostname)) {
      const site = siteOf(hostname);
      const count = this.#sites.get(site) ?? 0;
      if (count >= most / SITES_OF_RESETS) return false;
      this.#sites.set(site, count + 1);
    }
    this.#count++;
    return true;
  }
}
