import type { FrameOwner, SentFrame } from "../frame/sent_frame.ts";

/** One PING of the application that must be answered. */
export class PingRequest implements FrameOwner {
  /** Whether the packet with the PING was acknowledged. */
  answered = false;
  /** Whether it must be sent (again). */
  pending = true;
  /** Called with nothing but the fact, when the answer is there: sets a flag, queues an event. */
  sink:
    | { push(event: { readonly type: "pong"; readonly request: PingRequest }): unknown }
    | undefined = undefined;

  onFrameAcked(_frame: SentFrame): void {
    if (this.answered) return;
    this.answered = true;
    this.pending = false;
    this.sink?.push({ type: "pong", request: this });
  }

  onFrameLost(_frame: SentFrame): void {
    if (!this.answered) this.pending = true;
  }
}
