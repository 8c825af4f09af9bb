// What a sent packet remembers of its frames.

import type { Writer } from "../bytes/writer.ts";

/**
 * The owner of a frame hears what became of it, and writes what is true *then* if the frame was
 * lost. A frame is never stored: it is a kind and two numbers, which only its owner interprets.
 *
 * @internal
 */
export interface FrameOwner {
  /** The packet that carried the frame was acknowledged. */
  onFrameAcked(frame: SentFrame): void;
  /** The packet that carried the frame is taken to be lost; it may still arrive. */
  onFrameLost(frame: SentFrame): void;
}

/**
 * One frame that a packet carried.
 *
 * @internal
 */
export class SentFrame {
  readonly owner: FrameOwner;
  /** Usually the frame type; its owner decides. */
  readonly kind: number;
  /** First number of a range (offset, limit, sequence number), as the owner likes. */
  readonly start: number;
  /** Second number. */
  readonly end: number;

  constructor(owner: FrameOwner, kind: number, start: number, end: number) {
    this.owner = owner;
    this.kind = kind;
    this.start = start;
    this.end = end;
  }
}

/**
 * What a packet being built offers to the owners of frames.
 *
 * @internal
 */
export interface FrameSink {
  /** Where frames are written. Its `end` already leaves room for the tag. */
  readonly writer: Writer;
  /** Bytes left for frames. */
  readonly room: number;
  /** Notes the ack-eliciting frame just written, so that its owner hears of its fate. */
  record(owner: FrameOwner, kind: number, start: number, end: number): void;
}
