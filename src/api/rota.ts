// Which worker gets which new clients.

/** Turns for each worker; so many others share those of one that is missing. */
const TURNS = 4;

/**
 * Which worker gets which new clients. Each has a share of the clients. Where a worker is missing,
 * others get its share, and no other share changes: a client whose handshake is under way meets the
 * same worker as before.
 */
export class Rota {
  /** The worker of each share. */
  readonly #shares: (number | undefined)[];
  /** Those that are missing; they count again where no worker is left. */
  readonly #suspended = new Set<number>();

  constructor(count: number) {
    this.#shares = new Array(count).fill(undefined);
  }

  /** The workers that have shares. */
  get numbers(): readonly number[] {
    return this.#shares.filter((number) => number !== undefined);
  }

  /** Which share is a worker's. */
  shareOf(number: number): number {
    return this.#shares.indexOf(number);
  }

  /** Gives a share to a worker, which takes clients from now on. */
  assign(share: number, number: number): void {
    this.#suspended.delete(number);
    this.#shares[share] = number;
  }

  /** A worker takes no clients for now, and keeps its share. */
  suspend(number: number): void {
    this.#suspended.add(number);
  }

  /** The workers that get clients, in turn. */
  get turns(): readonly number[] {
    const { numbers } = this;
    const present = numbers.filter((number) => !this.#suspended.has(number));
    if (present.length === 0) return numbers;
    const turns: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      for (const number of numbers) {
        const isMissing = this.#suspended.has(number);
        turns.push(isMissing ? present[turn % present.length]! : number);
      }
    }
    return turns;
  }
}
