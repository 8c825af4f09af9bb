// The scheduler that lets paths take turns.

import { Answer } from "./answer.ts";
import type { Assignment, PathView } from "./scheduler.ts";

/**
 * Sends on the path with room that has been silent longest, so the paths take turns.
 *
 * @param paths The usable paths.
 * The path that is next in turn, if one has room.
 *
 * @example Choose it for a connection
 * ```ts
 * import { roundRobin, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = roundRobin;
 * ```
 *
 * @category Schedulers
 */
export function roundRobin(paths: readonly PathView[]): Assignment | undefined {
  let next: PathView | undefined;
  for (const path of paths) {
    if (path.room > 0 && (next === undefined || path.lastSentAt < next.lastSentAt)) next = path;
  }
  return next && answer.send(next);
}

const answer = new Answer();
