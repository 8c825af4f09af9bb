// The place of a stream among the streams that send.

import type { Readiness } from "../scheduler/readiness.ts";
import type { StreamView } from "../scheduler/stream_order.ts";

/** A path that a stream can be bound to. */
export interface BoundPath {
  readonly readiness: Readiness;
}

/**
 * The place of a stream among the streams that send. The send queue hears of every change.
 *
 * @internal
 */
export abstract class StreamRank implements StreamView {
  abstract readonly id: number;
  abstract readonly bytesSent: number;
  abstract readonly bytesQueued: number;
  abstract readonly bytesLost: number;
  abstract readonly credit: number;
  abstract readonly growing: boolean;
  #sendOrder = 0;
  #urgency = 3;
  #isIncremental = false;
  #dependsOn: StreamRank | undefined;
  #dependents: Set<StreamRank> | undefined;
  #bound: BoundPath | undefined;
  #turn = -1;
  /** How many bytes the application says it will write in all; -1 if it does not say. */
  #expectedSize = -1;

  /** See {@linkcode StreamView.turn}. */
  get turn(): number {
    return this.#turn;
  }

  /** The send queue gives the stream its place among those of the same rank. */
  takeTurn(turn: number): void {
    this.#turn = turn;
  }

  /** Tells the send queue that the place has changed. */
  protected abstract onRankChanged(): void;

  /** Bytes that the application is still to write, as far as it said so. */
  get bytesToCome(): number {
    return Math.max(0, this.#expectedSize - this.bytesSent - this.bytesQueued);
  }

  set bytesToCome(value: number) {
    this.#expectedSize = this.bytesSent + this.bytesQueued + value;
  }

  /** Whether what was written is within what the application announced. */
  protected get isAsAnnounced(): boolean {
    return this.bytesSent + this.bytesQueued <= this.#expectedSize;
  }

  get sendOrder(): number {
    return this.#sendOrder;
  }

  set sendOrder(value: number) {
    this.#sendOrder = value;
    this.onRankChanged();
  }

  get urgency(): number {
    return this.#urgency;
  }

  set urgency(value: number) {
    this.#urgency = value;
    this.onRankChanged();
  }

  get incremental(): boolean {
    return this.#isIncremental;
  }

  set incremental(value: boolean) {
    this.#isIncremental = value;
    this.onRankChanged();
  }

  /** The path that the data leave on; any path if undefined. */
  get bound(): BoundPath | undefined {
    return this.#bound;
  }

  set bound(path: BoundPath | undefined) {
    this.#bound = path;
    this.onRankChanged();
  }

  /** The stream that goes before it, with all that depend on that. */
  get dependsOn(): StreamRank | undefined {
    return this.#dependsOn;
  }

  /** @throws {RangeError} If that stream depends on this one. */
  set dependsOn(other: StreamRank | undefined) {
    for (let above = other; above !== undefined; above = above.#dependsOn) {
      if (above !== this) continue;
      throw new RangeError(
        `Cannot make stream ${this.id} depend on stream ${other!.id}, which depends on it`,
      );
    }
    this.#moveBelow(other);
  }

  /** Whether other streams depend on it, and move with it. */
  get hasDependents(): boolean {
    return this.#dependents !== undefined && this.#dependents.size > 0;
  }

  /** Nothing more will be sent: what depended on it depends on what it depended on. */
  protected leaveRanks(): void {
    const above = this.#dependsOn;
    if (this.#dependents !== undefined) {
      for (const each of this.#dependents) each.#moveBelow(above);
    }
    if (above !== undefined) this.#moveBelow(undefined);
  }

  #moveBelow(above: StreamRank | undefined): void {
    if (this.#dependsOn !== undefined) this.#dependsOn.#dependents!.delete(this);
    this.#dependsOn = above;
    if (above !== undefined) (above.#dependents ??= new Set()).add(this);
    this.onRankChanged();
  }
}
