// The scheduler that prefers the lowest round-trip time.

import { Answer } from "./answer.ts";
import type { Assignment, PathView } from "./scheduler.ts";

/**
 * Sends on the path with the lowest round-trip time that has room.
 *
 * @param paths The usable paths.
 * @returns The fastest path with room, if there is one.
 *
 * @example Choose it for a connection
 * ```ts
 * import { minRtt, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = minRtt;
 * ```
 *
 * @category Schedulers
 */
export function minRtt(paths: readonly PathView[]): Assignment | undefined {
  const best = fastestWithRoom(paths);
  return best && answer.send(best);
}

/** The path with room whose smoothed round-trip time is the lowest. */
export function fastestWithRoom(paths: readonly PathView[]): PathView | undefined {
  let best: PathView | undefined;
  for (const path of paths) {
    if (path.room > 0 && (best === undefined || path.smoothedRtt < best.smoothedRtt)) best = path;
  }
  return best;
}

const answer = new Answer();
