// PING frames that must leave on one path.

import { PING, writePing } from "../../frame/ping.ts";
import type { FrameOwner, FrameSink } from "../../frame/sent_frame.ts";

/** A PING whose answer a caller waits for. */
export interface PendingPing extends FrameOwner {
  /** Whether it must be sent. */
  pending: boolean;
  /** Whether it was answered. */
  readonly answered: boolean;
}

/**
 * PINGs that must leave on one path, until they are answered.
 *
 * @internal
 */
export class PathPings {
  readonly #pings: PendingPing[] = [];

  add(ping: PendingPing): void {
    this.#pings.push(ping);
  }

  /** Whether any must be sent. */
  get due(): boolean {
    return this.#pings.length > 0 && this.#pings.some((ping) => ping.pending);
  }

  /** Writes those that must be sent, as far as they fit. */
  writeFrames(sink: FrameSink): void {
    for (const ping of this.#pings) {
      if (!ping.pending || sink.room < 1) continue;
      writePing(sink.writer);
      sink.record(ping, PING, 0, 0);
      ping.pending = false;
    }
  }

  /** Lets go of those that were answered. */
  forgetAnswered(): void {
    for (let i = this.#pings.length - 1; i >= 0; i--) {
      if (this.#pings[i]!.answered) this.#pings.splice(i, 1);
    }
  }
}
