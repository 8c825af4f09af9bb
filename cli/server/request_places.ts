// How many requests of a connection are answered at a time.

/** Places for the requests of one connection; those beyond wait for one. */
export class RequestPlaces {
  readonly #most: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  /** @param most How many there are. */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many are taken. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Takes a place until the request is over, and waits for it if there is none.
   *
   * @param over Settles when the request is over, answered or not.
   * @returns False if it was over before there was one.
   */
  async take(over: Promise<void>): Promise<boolean> {
    if (this.#taken < this.#most) this.#taken++;
    else if (!await this.#wait(over)) return false;
    const release = () => {
      const [next] = this.#waiting;
      if (next) next(); // it gets this place
      else this.#taken--;
    };
    over.then(release, release);
    return true;
  }

  #wait(over: Promise<void>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const settle = (isFree: boolean) => {
      this.#waiting.delete(enter);
      resolve(isFree);
    };
    const enter = () => settle(true);
    const leave = () => settle(false);
    this.#waiting.add(enter);
    over.then(leave, leave);
    return promise;
  }
}
