import type { FrameSink } from "../frame/sent_frame.ts";
import type { ReceiveHalf } from "./receive_half.ts";
import type { SendHalf } from "./send_half.ts";

/** Whoever has frames to send that are neither STREAM nor CRYPTO. */
export interface ControlWriter {
  /** The stream they are about. */
  readonly id: number;
  /**
   * Writes the frames that are pending, as far as there is room.
   *
   * @returns Whether nothing is pending any more.
   */
  writeControlFrames(sink: FrameSink, now: number, rtt: number): boolean;
}

/** What a half of a stream tells the set it belongs to. */
export interface HalfObserver {
  /** Whether the peer understands a reset that keeps a promise (reliable stream reset). */
  readonly takesResetAt: boolean;
  /** What the half has to send in STREAM frames may have changed. */
  onSendChanged(half: SendHalf): void;
  /** The application gave the half another place in the order. */
  onOrderChanged(half: SendHalf): void;
  /** The half has control frames to write. */
  onControlPending(half: ControlWriter): void;
  /** The half can take more, or came to its end, or the peer does not want it any more. */
  onWritable(half: SendHalf): void;
  /** The half has something for the application. */
  onReadable(half: ReceiveHalf): void;
  /** The half came to its end; nothing will happen to it any more. */
  onHalfDone(id: number): void;
}
