// Stream data that are to leave again on further paths.

import { Readiness } from "../../scheduler/readiness.ts";
import { MAX_DATA } from "../../frame/flow_control.ts";
import { STREAM } from "../../frame/stream.ts";
import { type FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { Path } from "../../path/path.ts";
import { SendHalf } from "../../stream/send_half.ts";
import { bindingOf } from "../../path/address/binding.ts";

/** Most frames that wait for one path; beyond that, the oldest are dropped. */
const MAX_WAITING = 1_024;
/** With less room in a packet than this, no further copy is tried. */
const LEAST_ROOM = 40;

/**
 * Stream data that is to leave on further paths, as it was sent on the first. Each path takes its
 * copies as it has room; what has arrived meanwhile is passed over.
 */
export class CopyQueue {
  readonly #waiting = new Map<Path, SentFrame[]>();

  /** Takes the stream frames of a datagram for each of the paths. */
  add(frames: readonly SentFrame[], paths: readonly Path[]): void {
    for (const path of paths) {
      let waiting = this.#waiting.get(path);
      if (waiting === undefined) this.#waiting.set(path, waiting = []);
      for (const frame of frames) if (mayCopy(frame, path)) waiting.push(frame);
      if (waiting.length > MAX_WAITING) waiting.splice(0, waiting.length - MAX_WAITING);
    }
  }

  /** A path that has copies to send, and room for them. */
  next(now: number): Path | undefined {
    for (const [path, waiting] of this.#waiting) {
      if (waiting.length === 0 || path.readiness < Readiness.Opening) {
        this.#waiting.delete(path);
        continue;
      }
      path.refresh(now);
      if (path.room > 0 && path.slot.remote.usable) return path;
    }
    return undefined;
  }

  /** Writes what waits for a path, as far as it fits. */
  writeFrames(path: Path, sink: FrameSink): void {
    const waiting = this.#waiting.get(path)!;
    let taken = 0;
    while (taken < waiting.length && sink.room >= LEAST_ROOM) {
      const frame = waiting[taken]!;
      const { owner, kind, start, end } = frame;
      const at = owner instanceof SendHalf ? owner.writeCopy(sink, start, end) : end;
      if (at > start && at < end && sink.room < LEAST_ROOM) {
        waiting[taken] = new SentFrame(owner, kind, at, end);
        break;
      }
      taken++;
    }
    waiting.splice(0, taken);
  }
}

/** Whether the frame carries stream data that may leave on the path as well. */
function mayCopy({ kind, owner }: SentFrame, path: Path): boolean {
  if (!isStreamFrame(kind) || !(owner instanceof SendHalf)) return false;
  return (bindingOf(owner.bound) ?? path) === path;
}

/** Whether frames of that kind carry stream data. */
export function isStreamFrame(kind: number): boolean {
  return kind >= STREAM && kind < MAX_DATA;
}
