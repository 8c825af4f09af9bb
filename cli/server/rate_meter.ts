// Measures how fast a client sends or takes bytes while it is waited for.

/** How slow a client may be. */
export interface RateLimits {
  /** Bytes a second that there must be on average; 0 for any rate. */
  readonly rate: number;
  /** Milliseconds of waiting before the rate counts. */
  readonly grace: number;
}

/** Adds up the time that a client is waited for, and the bytes that this brings. */
export class RateMeter {
  #since = -1;
  #waited = 0;
  #bytes = 0;

  /** Waiting begins, if it has not begun before. */
  begin(now: number): void {
    if (this.#since < 0) this.#since = now;
  }

  /** Waiting is over, and has brought so many bytes. */
  end(now: number, bytes: number): void {
    if (this.#since >= 0) this.#waited += now - this.#since;
    this.#since = -1;
    this.#bytes += bytes;
  }

  /** What was measured counts no more. */
  reset(): void {
    this.#waited = this.#bytes = 0;
  }

  /**
   * Whether there were too few bytes for the time.
   *
   * @param now When that is asked.
   * @param limits How slow the client may be.
   */
  isTooSlow(now: number, { rate, grace }: RateLimits): boolean {
    if (rate === 0) return false;
    const waited = this.#waited + (this.#since < 0 ? 0 : now - this.#since);
    return waited > grace + 1000 * this.#bytes / rate;
  }
}
