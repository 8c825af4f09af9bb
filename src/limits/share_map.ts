// The shares of addresses and networks in what an endpoint holds.

import {
  MAX_SHARE_FACTOR,
  PROOFS_PER_SHARE,
  REPUTE_HALF_LIFE,
  STRIKE_HALF_LIFE,
} from "./limits.ts";
import { Repute } from "./repute.ts";
import { type Amounts, Share } from "./share.ts";

/** The shares of all addresses, or of all networks, that hold something; and their repute. */
export class ShareMap {
  readonly #limits: Amounts;
  readonly #shares = new Map<string, Share>();
  readonly #proofs = new Repute(REPUTE_HALF_LIFE);
  readonly #strikes = new Repute(STRIKE_HALF_LIFE);

  constructor(limits: Amounts) {
    this.#limits = limits;
  }

  /** How many there are. */
  get size(): number {
    return this.#shares.size;
  }

  /** What those of a place hold, and how much more it could be. Good until anything changes. */
  look(place: string, now: number): Share {
    const share = this.#shares.get(place) ?? new Share(this.#limits);
    this.#recall(share, place, now);
    return share;
  }

  /** One more counts in the share of a place. */
  join(place: string, now: number): Share {
    const share = this.look(place, now);
    this.#shares.set(place, share);
    share.join();
    return share;
  }

  /** One of them no longer does. */
  leave(place: string, share: Share): void {
    if (share.leave()) this.#shares.delete(place);
  }

  /** A peer at the place has proven its address. */
  prove(place: string, share: Share, now: number): void {
    this.#proofs.add(place, 1, now);
    this.#strikes.add(place, -1, now);
    this.#recall(share, place, now);
  }

  /** A peer at the place began a handshake that came to nothing. */
  strike(place: string, share: Share, now: number): void {
    this.#strikes.add(place, 1, now);
    this.#recall(share, place, now);
  }

  #recall(share: Share, place: string, now: number): void {
    const shares = 1 + Math.floor(this.#proofs.count(place, now) / PROOFS_PER_SHARE);
    share.recall(Math.min(MAX_SHARE_FACTOR, shares), this.#strikes.count(place, now));
  }
}
