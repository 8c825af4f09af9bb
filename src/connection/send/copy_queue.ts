// Stream data and datagrams that are to leave again on further paths.

import { Readiness } from "../../scheduler/readiness.ts";
import { MAX_DATA } from "../../frame/flow_control.ts";
import { STREAM } from "../../frame/stream.ts";
import { type FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { SentFrames } from "../../frame/sent_frames.ts";
import type { Path } from "../../path/path.ts";
import { DatagramQueue } from "../datagram_queue.ts";
import { SendHalf } from "../../stream/send_half.ts";
import { bindingOf } from "../../path/address/binding.ts";

/** Most frames that wait for one path; beyond that, the oldest are dropped. */
const MAX_WAITING = 1_024;
/** With less room in a packet than this, no further copy is tried. */
const LEAST_ROOM = 40;

/** A datagram for another path. */
interface DatagramCopy {
  readonly owner: DatagramQueue;
  readonly data: Uint8Array;
}

/**
 * Stream data and datagrams that are to leave on further paths, as they were sent on the first. Each
 * path takes its copies as it has room; stream data that have arrived meanwhile are passed over.
 */
export class CopyQueue {
  readonly #waiting = new Map<Path, (SentFrame | DatagramCopy)[]>();

  /**
   * Takes the frames of a packet for each of the paths.
   *
   * @param isLast Whether the packet is the last one that was written: only of that one the content
   * of datagrams is still there.
   */
  add(frames: SentFrames, paths: readonly Path[], isLast: boolean): void {
    for (const path of paths) {
      let waiting = this.#waiting.get(path);
      if (waiting === undefined) this.#waiting.set(path, waiting = []);
      for (let i = 0; i < frames.count; i++) {
        const frame = frames.at(i);
        const { owner, kind, start, end } = frame;
        if (mayCopy(frame, path)) waiting.push(new SentFrame(owner, kind, start, end));
        else if (isLast && owner instanceof DatagramQueue) {
          const data = owner.copyOf(frame, path);
          if (data !== undefined) waiting.push({ owner, data });
        }
      }
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

  /**
   * Writes what waits for a path, as far as it fits.
   *
   * @param wholePacket The most that a packet of the path carries.
   */
  writeFrames(path: Path, sink: FrameSink, wholePacket: number): void {
    const waiting = this.#waiting.get(path)!;
    let taken = 0;
    while (taken < waiting.length && sink.room >= LEAST_ROOM) {
      const frame = waiting[taken]!;
      if (!(frame instanceof SentFrame)) {
        if (!frame.owner.writeCopy(sink, frame.data, wholePacket)) break;
        taken++;
        continue;
      }
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
