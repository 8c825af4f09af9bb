// The ECF scheduler: waits for the faster path if that ends the transfer sooner.

import { Answer } from "./answer.ts";
import { readyOf } from "./bytes_to_finish.ts";
import { waitsUntil } from "./forecast.ts";
import { fastestWithRoom } from "./min_rtt.ts";
import type { Assignment, PathView, ScheduleContext } from "./scheduler.ts";
import type { StreamView } from "./stream_order.ts";

/** Hysteresis of the paper: once the scheduler waits, it keeps waiting up to this part longer. */
const BETA = 0.25;

/**
 * Earliest completion first, as published by Lim and others (CoNEXT 2017): waits for the fastest
 * path if that brings what is queued across sooner than a slower path would.
 *
 * It looks at two paths at a time and at all streams as one; `earliestCompletion` goes further.
 *
 * @param paths The usable paths.
 * @param streams The streams with something to send.
 * @param context Whether the last answer was to wait.
 * @returns A path, or until when to wait.
 *
 * @example Choose it for a connection
 * ```ts
 * import { ecf, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = ecf;
 * ```
 *
 * @category Schedulers
 */
export function ecf(
  paths: readonly PathView[],
  streams: readonly StreamView[],
  context: ScheduleContext,
): Assignment | undefined {
  const open = fastestWithRoom(paths);
  if (open === undefined) return undefined;
  const fastest = fastestOf(paths);
  if (fastest === open || streams.length === 0) return answer.send(open);
  const bytes = queuedBytes(streams);
  const margin = Math.max(fastest.rttVariation, open.rttVariation);
  const rounds = 1 + bytes / fastest.congestionWindow;
  const patience = context.waiting ? 1 + BETA : 1;
  const isSooner = rounds * fastest.smoothedRtt < patience * (open.smoothedRtt + margin);
  const takesLong = bytes / open.congestionWindow * open.smoothedRtt >=
    2 * fastest.smoothedRtt + margin;
  if (isSooner && takesLong) return answer.wait(waitsUntil(fastest, context.now));
  return answer.send(open);
}

/** The path with the lowest smoothed round-trip time, with or without room. */
export function fastestOf(paths: readonly PathView[]): PathView {
  let best = paths[0]!;
  for (const path of paths) if (path.smoothedRtt < best.smoothedRtt) best = path;
  return best;
}

/** What all streams together have to send. */
export function queuedBytes(streams: readonly StreamView[]): number {
  let bytes = 0;
  for (const stream of streams) bytes += readyOf(stream);
  return bytes;
}

const answer = new Answer();
