// The room that streams of the peer leave for others.

import { type ConnectionCredit, Kind, kindOf } from "./connection_credit.ts";
import { ResetBudget } from "./reset_budget.ts";
import type { Stream } from "./stream.ts";

/**
 * The room that streams of the peer leave for others of its kind when they are done.
 *
 * @internal
 */
export class PeerStreamRoom {
  #awaitsApplication = false;
  readonly #credit: ConnectionCredit;
  readonly #budget = new ResetBudget();

  constructor(credit: ConnectionCredit) {
    this.#credit = credit;
  }

  /**
   * A finished stream makes room for another only after the application has accepted it. Then the
   * streams that wait for the application are limited, even if the peer resets them.
   */
  awaitApplication(): void {
    this.#awaitsApplication = true;
  }

  /** When `expire()` is to be called; usually `Infinity`. */
  get deadline(): number {
    return this.#budget.deadline;
  }

  /** A stream of the peer's is done. */
  onDone(stream: Stream): void {
    if (!stream.isTaken && this.#awaitsApplication) return;
    stream.take();
    this.#leave(stream);
  }

  /** The application has taken a stream that the peer has opened, or never will. */
  take(stream: Stream): void {
    if (stream.isTaken) return;
    stream.take();
    if (stream.isDone) this.#leave(stream);
  }

  /** Gives back room that was held back. */
  expire(now: number): void {
    if (now < this.#budget.deadline) return;
    for (const kind of [Kind.Bidirectional, Kind.Unidirectional]) {
      const count = this.#budget.release(kind, now);
      if (count > 0) this.#credit.receiveStreams[kind].consume(count);
    }
  }

  #leave({ id, receive, send }: Stream): void {
    const kind = kindOf(id);
    const isEarly = (receive?.resetCode ?? -1) >= 0 || (send?.stopCode ?? -1) >= 0;
    if (isEarly) this.#budget.hold(kind);
    else this.#credit.receiveStreams[kind].consume(1);
  }
}
