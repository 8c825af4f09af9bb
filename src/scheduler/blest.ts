// The BLEST scheduler: leaves a slow path unused where it would block the send window.

import { Answer } from "./answer.ts";
import { fastestOf } from "./ecf.ts";
import { waitsUntil } from "./forecast.ts";
import { fastestWithRoom } from "./min_rtt.ts";
import type { Assignment, PathView, ScheduleContext } from "./scheduler.ts";
import type { StreamView } from "./stream_order.ts";

/** Safety factor: the fastest path may send this many times what its window allows now. */
const LAMBDA = 1.2;

/**
 * Blocking estimation, as published by Ferlin and others (2016): leaves a slow path unused if what
 * it holds back of the peer's window would be missing on the fastest path.
 *
 * @param paths The usable paths.
 * @param streams The streams with something to send.
 * @param context The connection's credit.
 * @returns A path, or until when to wait.
 *
 * @example Choose it for a connection
 * ```ts
 * import { blest, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = blest;
 * ```
 *
 * @category Schedulers
 */
export function blest(
  paths: readonly PathView[],
  streams: readonly StreamView[],
  context: ScheduleContext,
): Assignment | undefined {
  const open = fastestWithRoom(paths);
  if (open === undefined) return undefined;
  const fastest = fastestOf(paths);
  if (fastest === open || streams.length === 0) return answer.send(open);
  const size = fastest.maxDatagramSize;
  const rounds = open.smoothedRtt / fastest.smoothedRtt;
  // While the slow path takes one round trip the fast one takes several, and its window grows.
  const wanted = (fastest.congestionWindow + size * (rounds - 1) / 2) * rounds;
  const left = sendWindow(paths, context) - open.bytesInFlight - open.maxDatagramSize;
  return LAMBDA * wanted > left ? answer.wait(waitsUntil(fastest, context.now)) : answer.send(open);
}

/** The peer's window as the paper means it: credit left, and what is under way. */
function sendWindow(paths: readonly PathView[], context: ScheduleContext): number {
  let bytes = context.credit;
  for (const path of paths) bytes += path.bytesInFlight;
  return bytes;
}

const answer = new Answer();
