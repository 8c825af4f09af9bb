// What a sent packet remembers of one of its frames.

import type { Writer } from "../bytes/writer.ts";

/**
 * The owner of a frame hears what became of it, and writes what is true *then* if the frame was
 * lost. A frame is never stored: it is a kind and two numbers, which only its owner interprets. The
 * object stands for another frame later, so an owner keeps none.
 *
 * @internal
 */
export interface FrameOwner {
  /** The packet that carried the frame was acknowledged. */
  onFrameAcked(frame: SentFrame): void;
  /** The packet that carried the frame is taken to be lost; it may still arrive. */
  onFrameLost(frame: SentFrame): void;
}

/** The owner of frames of packets that are forgotten. */
const NO_OWNER: FrameOwner = { onFrameAcked() {}, onFrameLost() {} };

/**
 * One frame that a packet carried.
 *
 * @internal
 */
export class SentFrame {
  #owner: FrameOwner = NO_OWNER;
  #kind = 0;
  #start = 0;
  #end = 0;

  constructor(owner: FrameOwner = NO_OWNER, kind = 0, start = 0, end = 0) {
    this.set(owner, kind, start, end);
  }

  /** Hears of its fate. */
  get owner(): FrameOwner {
    return this.#owner;
  }

  /** Usually the frame type; its owner decides. */
  get kind(): number {
    return this.#kind;
  }

  /** First number of a range (offset, limit, sequence number), as the owner likes. */
  get start(): number {
    return this.#start;
  }

  /** Second number. */
  get end(): number {
    return this.#end;
  }

  /** Makes the object stand for that frame. */
  set(owner: FrameOwner, kind: number, start: number, end: number): void {
    this.#owner = owner;
    this.#kind = kind;
    this.#start = start;
    this.#end = end;
  }

  /** Lets go of its owner. */
  clear(): void {
    this.#owner = NO_OWNER;
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
