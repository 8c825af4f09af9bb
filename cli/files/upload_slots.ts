// How many uploads there may be at a time.

/** Places for uploads; all folders of a server share them. */
export class UploadSlots {
  readonly #most: number;
  #taken = 0;

  /** @param most How many there are. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a place; false if there is none. */
  take(): boolean {
    if (this.#taken >= this.#most) return false;
    this.#taken++;
    return true;
  }

  /** Gives a place back. */
  release(): void {
    this.#taken--;
  }
}
