// The frames that one packet carried.

import { type FrameOwner, SentFrame } from "./sent_frame.ts";

/**
 * The frames that one packet carried, in order. The list and its frames serve packet after packet:
 * what each packet threw away would be most of a sender's garbage.
 *
 * @internal
 */
export class SentFrames {
  /** Those of this packet come first. Most packets carry one frame. */
  #frames: SentFrame[] = [new SentFrame()];
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The frame at that place, good until the packet is forgotten. */
  at(index: number): SentFrame {
    return this.#frames[index]!;
  }

  /** Adds a frame. */
  record(owner: FrameOwner, kind: number, start: number, end: number): void {
    if (this.#count === this.#frames.length) this.#frames.push(new SentFrame());
    this.#frames[this.#count++]!.set(owner, kind, start, end);
  }

  /** Gives the other what is here, and the other way round. */
  exchange(other: SentFrames): void {
    const frames = this.#frames;
    const count = this.#count;
    this.#frames = other.#frames;
    this.#count = other.#count;
    other.#frames = frames;
    other.#count = count;
  }

  /** Forgets all frames. */
  clear(): void {
    for (let i = 0; i < this.#count; i++) this.#frames[i]!.clear();
    this.#count = 0;
  }
}
