// The reset of a stream that this end sends on.

import type { FrameOwner, FrameSink } from "../frame/sent_frame.ts";
import {
  RESET_STREAM,
  RESET_STREAM_AT,
  resetStreamAtSize,
  writeResetStream,
  writeResetStreamAt,
} from "../frame/stream_control.ts";

/** The reset of a stream that we send on, plain or with a promise. */
export class StreamReset {
  /** The code; -1 while the stream is not reset. */
  code = -1;
  /** Bytes that arrive although the stream is reset; 0 for a plain reset. */
  reliableSize = 0;
  /** Whether a frame is to be written. */
  pending = false;
  /** Whether RESET_STREAM_AT has arrived. */
  isKnown = false;

  /** Whether it promises bytes, and the peer does not know yet. */
  get isPromise(): boolean {
    return this.reliableSize > 0 && !this.isKnown;
  }

  /** The stream is reset, or a promise is taken back: the first code stays. */
  begin(code: number, reliableSize: number): void {
    if (this.code < 0) this.code = code;
    this.reliableSize = reliableSize;
  }

  /** A frame is to be written, be it again. */
  request(): void {
    this.pending = true;
  }

  /** RESET_STREAM_AT has arrived. */
  onKnown(): void {
    this.isKnown = true;
  }

  /**
   * Writes the frame.
   *
   * @param finalSize RFC 9000, Section 4.5: the highest offset sent.
   * @returns Whether there was room.
   */
  write(sink: FrameSink, owner: FrameOwner, id: number, finalSize: number): boolean {
    const { code, reliableSize } = this;
    if (sink.room < resetStreamAtSize(id, code, finalSize, reliableSize)) return false;
    if (reliableSize > 0) writeResetStreamAt(sink.writer, id, code, finalSize, reliableSize);
    else writeResetStream(sink.writer, id, code, finalSize);
    sink.record(owner, reliableSize > 0 ? RESET_STREAM_AT : RESET_STREAM, 0, 0);
    this.pending = false;
    return true;
  }
}
