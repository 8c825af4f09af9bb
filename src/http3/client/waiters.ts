/** Counts the callers that wait for something of a connection. */
export class Waiters {
  #onChange: ((isAnybody: boolean) => void) | undefined;
  #count = 0;

  /** Has a listener called when the first one begins to wait, and when the last one has ended. */
  watch(listener: ((isAnybody: boolean) => void) | undefined): void {
    this.#onChange = listener;
  }

  /** A caller begins to wait. */
  begin(): void {
    if (this.#count++ === 0) this.#onChange?.(true);
  }

  /** One of them has ended waiting. */
  end(): void {
    if (--this.#count === 0) this.#onChange?.(false);
  }
}
