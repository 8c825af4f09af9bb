// What the halves of a stream tell the stream set.

import type { FrameSink } from "../frame/sent_frame.ts";

/**
 * An object with frames to send that are neither STREAM nor CRYPTO.
 *
 * @internal
 */
export interface ControlWriter {
  /** The ID of the stream that the frames are about. */
  readonly id: number;
  /**
   * Writes the frames that are pending, as far as there is room.
   *
   * @returns Whether nothing is pending any more.
   */
  writeControlFrames(sink: FrameSink, now: number, rtt: number): boolean;
}

/** What both halves of a stream tell the set that they belong to. */
interface EitherObserver {
  /** The half has control frames to write. */
  onControlPending(half: ControlWriter): void;
  /** The half came to its end; nothing will happen to it any more. */
  onHalfDone(id: number): void;
}

/**
 * What a sending half tells the set that it belongs to.
 *
 * @internal
 */
export interface SendObserver<Half> extends EitherObserver {
  /** Whether the peer understands a reset that keeps a promise (reliable stream reset). */
  readonly takesResetAt: boolean;
  /** What the half has to send in STREAM frames may have changed. */
  onSendChanged(half: Half): void;
  /** The application gave the half another place in the order. */
  onOrderChanged(half: Half): void;
  /** The half can take more, or came to its end, or the peer does not want it any more. */
  onWritable(half: Half): void;
}

/**
 * What a receiving half tells the set that it belongs to.
 *
 * @internal
 */
export interface ReceiveObserver<Half> extends EitherObserver {
  /** The half has something for the application. */
  onReadable(half: Half): void;
}
