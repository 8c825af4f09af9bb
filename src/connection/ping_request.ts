// A PING of the application.

import type { FrameOwner, SentFrame } from "../frame/sent_frame.ts";

/**
 * Takes the answers to PINGs.
 *
 * @internal
 */
export interface PongSink {
  push(event: { readonly type: "pong"; readonly request: PingRequest }): unknown;
}

/** One PING of the application that must be answered. */
export class PingRequest implements FrameOwner {
  /** Whether the packet with the PING was acknowledged. */
  answered = false;
  /** Whether it must be sent (again). */
  pending = true;
  #sink: PongSink | undefined = undefined;

  /** A "pong" event goes here when the answer comes. */
  answerTo(sink: PongSink): void {
    this.#sink = sink;
  }

  onFrameAcked(_frame: SentFrame): void {
    if (this.answered) return;
    this.answered = true;
    this.pending = false;
    this.#sink?.push({ type: "pong", request: this });
  }

  onFrameLost(_frame: SentFrame): void {
    if (!this.answered) this.pending = true;
  }
}
