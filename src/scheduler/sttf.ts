// The STTF scheduler: plans each queued datagram on the path where its transfer ends first.

import { Answer } from "./answer.ts";
import { queuedBytes } from "./ecf.ts";
import { waitsUntil } from "./forecast.ts";
import type { Assignment, PathView, ScheduleContext } from "./scheduler.ts";
import type { StreamView } from "./stream_order.ts";

/** Most datagrams planned ahead; a longer plan would be out of date before it is carried out. */
const MOST_PLANNED = 1_000;

/**
 * Shortest transfer time first, as published by Hurtig and others (2019): plans the datagrams that
 * are queued one by one, each on the path where its transfer would end first, whether that path has
 * room or not. The first one that falls to a path with room is sent.
 *
 * The plan is made again for every datagram: simple, but costlier than `earliestCompletion`.
 *
 * @param paths The usable paths.
 * @param streams The streams with something to send.
 * @param context The time.
 * @returns A path, or until when to wait.
 *
 * @example Choose it for a connection
 * ```ts
 * import { type Scheduler, sttf } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = sttf;
 * ```
 *
 * @category Schedulers
 */
export function sttf(
  paths: readonly PathView[],
  streams: readonly StreamView[],
  context: ScheduleContext,
): Assignment | undefined {
  if (paths.length === 0) return undefined;
  planned.length = 0;
  for (let i = 0; i < paths.length; i++) planned.push(0);
  let first: PathView | undefined;
  let left = Math.max(queuedBytes(streams), 1);
  for (let count = 0; left > 0 && count < MOST_PLANNED; count++) {
    const index = soonest(paths);
    const path = paths[index]!;
    if (path.room > 0) return answer.send(path);
    first ??= path;
    planned[index]! += path.maxDatagramSize;
    left -= path.maxDatagramSize;
  }
  return first && answer.wait(waitsUntil(first, context.now));
}

/** The path on which one more datagram would end first. */
function soonest(paths: readonly PathView[]): number {
  let best = 0;
  let least = Infinity;
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i]!;
    const time = transferTime(path, planned[i]! + path.maxDatagramSize);
    if (time >= least) continue;
    best = i;
    least = time;
  }
  return best;
}

/** Milliseconds until `bytes` bytes have arrived, round trip by round trip of the window. */
export function transferTime(path: PathView, bytes: number): number {
  let left = bytes - Math.max(0, path.congestionWindow - path.bytesInFlight);
  let window = path.congestionWindow;
  let time = path.smoothedRtt / 2;
  for (; left > 0; left -= window) {
    time += path.smoothedRtt;
    window = path.inSlowStart ? 2 * window : window + path.maxDatagramSize;
  }
  return time;
}

/** Bytes planned for each path; reused. */
const planned: number[] = [];
const answer = new Answer();
