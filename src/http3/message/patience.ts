// Gives up on peers that send nothing, or too slowly.

import { later } from "../timer.ts";

/** How long peers are waited for. */
export interface PatienceOptions {
  /** Milliseconds without anything; `Infinity` for any time. */
  readonly timeout: number;
  /** Bytes a second there must be on average; 0 for any rate. */
  readonly rate: number;
}

/** Milliseconds of waiting before the rate counts. */
const GRACE = 10_000;

/**
 * Waits for a peer within limits: a longest time for each step, and, if wanted, a least rate over
 * all steps. Only time spent waiting counts, not time spent on work in between.
 *
 * There is one timer for many steps; it is set again only if it fires in the middle of one.
 */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #onExpired: () => void;
  /** Calls off the timer, if one runs. */
  #disarm: (() => void) | undefined;
  #since = -1;
  #isStopped = false;
  #waited = 0;
  #bytes = 0;

  /** @param onExpired Called when the peer took too long. */
  constructor(options: PatienceOptions, onExpired: () => void) {
    this.#options = options;
    this.#onExpired = onExpired;
  }

  /** Waiting begins. */
  begin(): void {
    if (this.#isStopped) return;
    this.#since = performance.now();
    if (this.#disarm === undefined) this.#arm(this.#allowance);
  }

  /** Waiting is over, and has brought so many bytes. */
  end(bytes: number): void {
    if (this.#since >= 0) this.#waited += performance.now() - this.#since;
    this.#since = -1;
    this.#bytes += bytes;
  }

  /** There will be no more waiting. */
  stop(): void {
    this.#isStopped = true;
    this.#disarm?.();
    this.#disarm = undefined;
    this.#since = -1;
  }

  /** How long the wait at hand may take. */
  get #allowance(): number {
    const { timeout, rate } = this.#options;
    if (rate === 0) return timeout;
    return Math.min(timeout, GRACE + (1000 * this.#bytes) / rate - this.#waited);
  }

  #arm(delay: number): void {
    this.#disarm = later(Math.max(0, delay), () => this.#check());
  }

  #check(): void {
    this.#disarm = undefined;
    if (this.#since < 0) return;
    const left = this.#since + this.#allowance - performance.now();
    if (left > 0) return this.#arm(left);
    this.stop();
    this.#onExpired();
  }
}
