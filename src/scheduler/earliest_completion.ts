// The default scheduler: for each stream, the path on which the last byte arrives first.

import { Answer } from "./answer.ts";
import { firstBeyond, GrowthCounts, readyOf } from "./bytes_to_finish.ts";
import { fastestWithRoom } from "./min_rtt.ts";
import { Outlook } from "./outlook.ts";
import type { Assignment, PathView, ScheduleContext } from "./scheduler.ts";
import type { StreamView } from "./stream_order.ts";

/**
 * Control frames leave on the path that is best for data, unless its round-trip time is more than
 * this many times that of the fastest path.
 */
const SLOWER = 1.5;

/**
 * Decides stream by stream, most urgent first, on which path its last byte arrives earliest. The
 * default.
 *
 * A stream that is done sooner by waiting for a faster path is passed over, and the next one may
 * use the slower path meanwhile. So no path idles while any stream gains by it, and a stream that
 * is short or nearly done does not end on a slow path.
 *
 * @param paths The usable paths.
 * @param streams The streams with something to send, most urgent first.
 * @param context The time, the credit, and what the streams are sorted by.
 * @returns A path and the streams to send on it; or until when to wait.
 *
 * @example Choose it for a connection
 * ```ts
 * import { earliestCompletion, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = earliestCompletion;
 * ```
 *
 * @category Schedulers
 */
export function earliestCompletion(
  paths: readonly PathView[],
  streams: readonly StreamView[],
  context: ScheduleContext,
): Assignment | undefined {
  if (paths.length === 1) return sendIfRoom(paths[0]!);
  outlook.survey(paths, context);
  const { best, faster } = outlook;
  if (best === undefined) return undefined;
  if (streams.length === 0) return answer.send(pathForControl(best, paths));
  if (faster === undefined) {
    if (streams.length > 1) return answer.send(best);
    return answer.send(outlook.companion(paths, readyOf(streams[0]!)));
  }
  const growth = outlook.isFull ? GrowthCounts.AsReady : GrowthCounts.AsLong;
  const first = firstBeyond(streams, context.order, outlook.capacity, growth);
  if (first < 0) return answer.wait(outlook.patience);
  // Credit that a slow path holds is missing on the faster ones; lost bytes have theirs already.
  if (outlook.isGuarded(creditOf(streams, context))) return sendLost(streams, first, best);
  if (first === 0) return holdingDatagrams(answer.send(best));
  const list = answer.sendFrom(best);
  let bytes = 0;
  for (let i = first; i < streams.length && bytes < best.maxDatagramSize; i++) {
    list.push(streams[i]!);
    bytes += readyOf(streams[i]!);
  }
  return holdingDatagrams(answer);
}

/** A slow path is good for a long stream. Messages wait as long as faster paths deliver them sooner. */
function holdingDatagrams(answer: Answer): Answer {
  return answer.holdDatagrams(outlook.capacity);
}

/** A single path leaves nothing to decide. */
function sendIfRoom(path: PathView): Assignment | undefined {
  return path.room > 0 ? answer.send(path) : undefined;
}

/**
 * Control frames alone do not wait: they are small, and others wait for them. A path that was fast
 * once and is slow now still has its least round-trip time, and must not hold them up.
 */
function pathForControl(best: PathView, paths: readonly PathView[]): PathView {
  const fastest = fastestWithRoom(paths) ?? best;
  return best.smoothedRtt > SLOWER * fastest.smoothedRtt ? fastest : best;
}

/** The credit that counts: when there is but one stream, its own may be the smaller one. */
function creditOf(streams: readonly StreamView[], context: ScheduleContext): number {
  return streams.length === 1 ? Math.min(context.credit, streams[0]!.credit) : context.credit;
}

/** Sends of those streams that can go on without credit, if there are any. */
function sendLost(streams: readonly StreamView[], first: number, path: PathView): Assignment {
  const list = answer.sendFrom(path);
  let bytes = 0;
  for (let i = first; i < streams.length && bytes < path.maxDatagramSize; i++) {
    if (streams[i]!.bytesLost === 0) continue;
    list.push(streams[i]!);
    bytes += streams[i]!.bytesLost;
  }
  return list.length > 0 ? holdingDatagrams(answer) : answer.wait(outlook.patience);
}

const outlook = new Outlook();
const answer = new Answer();
