/**
 * What peers hold of us: `bytes` of buffers, open `files`, `handshakes` that are not complete, and
 * `connections`.
 *
 * @category Limits
 */
export type Resource = "bytes" | "files" | "handshakes" | "connections";

/** All resources. */
export const RESOURCES: readonly Resource[] = ["bytes", "files", "handshakes", "connections"];

/** An amount of each resource. */
export type Amounts = Record<Resource, number>;

/** What some peers together hold, and how much that may be: a connection, an address, or all. */
export class Share {
  readonly held: Amounts = { bytes: 0, files: 0, handshakes: 0, connections: 0 };
  /** How much more than usual is allowed. */
  factor = 1;
  /** Recent handshakes that came to nothing. */
  strikes = 0;
  /** Accounts that count here. */
  members = 0;
  readonly #limits: Readonly<Amounts>;

  constructor(limits: Readonly<Amounts>) {
    this.#limits = limits;
  }

  /** One more account counts here. */
  join(): void {
    this.members++;
  }

  /** One of them no longer does; tells whether it was the last. */
  leave(): boolean {
    return --this.members === 0;
  }

  /**
   * Sets what is known of the peers that share: how much more they may hold, and their failed
   * handshakes.
   */
  recall(factor: number, strikes: number): void {
    this.factor = factor;
    this.strikes = strikes;
  }

  /** How much of a resource may be held. */
  limit(resource: Resource): number {
    return this.#limits[resource] * this.factor;
  }

  /** How much more of a resource may be held. */
  room(resource: Resource): number {
    return this.limit(resource) - this.held[resource];
  }

  /**
   * What is held, relative to what is usual: the share with the larger value gives way. Failed
   * handshakes keep counting, so that a peer that begins many gives way to a peer that begins one.
   */
  greed(resource: Resource): number {
    const wasted = resource === "handshakes" ? this.strikes : 0;
    return (this.held[resource] + wasted) / this.factor;
  }
}
