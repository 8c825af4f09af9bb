import { FrameType } from "../frame/frame_type.ts";
import type { FrameSink, SentFrame } from "../frame/sent_frame.ts";
import type { Path } from "../path/path.ts";
import { SendHalf } from "../stream/send_half.ts";

/** Stream data that a scheduler wants on further paths, as it was sent on the first. */
export class CopyQueue {
  #frames: readonly SentFrame[] = [];
  #paths: readonly Path[] = [];
  #next = 0;

  /** Takes the frames of the datagram just built; what waited before is dropped. */
  set(frames: readonly SentFrame[], paths: readonly Path[]): void {
    this.#frames = frames;
    this.#paths = paths;
    this.#next = 0;
  }

  /** The next path that wants a copy, each once. */
  next(): Path | undefined {
    return this.#next < this.#paths.length ? this.#paths[this.#next++] : undefined;
  }

  /** Writes the stream data once more, as far as it fits. */
  writeFrames(sink: FrameSink): void {
    for (const { owner, kind, start, end } of this.#frames) {
      if (isStreamFrame(kind) && owner instanceof SendHalf) owner.writeCopy(sink, start, end);
    }
  }
}

/** Whether frames of that kind carry stream data. */
export function isStreamFrame(kind: number): boolean {
  return kind >= FrameType.Stream && kind < FrameType.MaxData;
}
