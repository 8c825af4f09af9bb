// What each user of a proxy may have open, and how fast it may open more.

import { Refusal } from "./refusal.ts";

/**
 * What one user of a proxy may take up.
 *
 * @category Proxy
 */
export interface ProxyLimits {
  /**
   * Tunnels open at a time.
   *
   * @default {1000}
   */
  tunnels?: number;
  /**
   * Tunnels asked for per second, on average; five seconds' worth may come at once.
   *
   * @default {500}
   */
  opensPerSecond?: number;
  /**
   * Bytes sent over UDP to hosts that have not answered yet, in all of the user's tunnels.
   *
   * @default {4194304}
   */
  unansweredBytes?: number;
}

/** Seconds' worth of openings that may come at once. */
const BURST = 5;

/** What one user has of a proxy. */
export class Allowance {
  readonly #limits: Required<ProxyLimits>;
  #open = 0;
  #opens: number;
  #refilledAt: number;
  #unanswered = 0;

  /** @param now Milliseconds of a clock that does not go back. */
  constructor(limits: ProxyLimits, now: number) {
    const { tunnels = 1_000, opensPerSecond = 500, unansweredBytes = 4_194_304 } = limits;
    this.#limits = { tunnels, opensPerSecond, unansweredBytes };
    this.#opens = BURST * opensPerSecond;
    this.#refilledAt = now;
  }

  /**
   * Counts one more tunnel.
   *
   * @throws {Refusal} If there are too many, or they come too fast.
   */
  take(now: number): void {
    const { tunnels, opensPerSecond } = this.#limits;
    const refill = (now - this.#refilledAt) * opensPerSecond / 1_000;
    this.#opens = Math.min(BURST * opensPerSecond, this.#opens + refill);
    this.#refilledAt = now;
    if (this.#opens < 1) {
      throw new Refusal("connection_limit_reached", "too many tunnels are asked for", 429);
    }
    this.#opens--;
    if (this.#open >= tunnels) {
      throw new Refusal("connection_limit_reached", "too many tunnels are open");
    }
    this.#open++;
  }

  /** A tunnel has ended. */
  release(): void {
    this.#open--;
  }

  /** Counts bytes for a host that has not answered; false if there are too many. */
  holdUnanswered(bytes: number): boolean {
    if (this.#unanswered + bytes > this.#limits.unansweredBytes) return false;
    this.#unanswered += bytes;
    return true;
  }

  /** A host has answered, or its tunnel has ended. */
  releaseUnanswered(bytes: number): void {
    this.#unanswered -= bytes;
  }
}
