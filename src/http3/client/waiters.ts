/** Counts the callers that wait for something of a connection. */
export class Waiters {
  /** Called when the first one begins to wait, and when the last one has ended. */
  onChange: ((isAnybody: boolean) => void) | undefined;
  #count = 0;

  /** A caller begins to wait. */
  begin(): void {
    if (this.#count++ === 0) this.onChange?.(true);
  }

  /** One of them has ended waiting. */
  end(): void {
    if (--this.#count === 0) this.onChange?.(false);
  }
}
