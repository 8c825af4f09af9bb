// The scheduler that sends everything on every path.

import { Answer } from "./answer.ts";
import { fastestWithRoom } from "./min_rtt.ts";
import type { Assignment, PathView } from "./scheduler.ts";

/**
 * Sends everything on every path, as each has room: the first copy to arrive counts.
 *
 * It costs as much again per path, and is for data that must not be late.
 *
 * @param paths The usable paths.
 * @returns The fastest path with room, and the others for copies.
 *
 * @example Choose it for a connection
 * ```ts
 * import { redundant, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = redundant;
 * ```
 *
 * @category Schedulers
 */
export function redundant(paths: readonly PathView[]): Assignment | undefined {
  const best = fastestWithRoom(paths);
  if (best === undefined) return undefined;
  const others = answer.sendCopies(best);
  for (const path of paths) if (path !== best) others.push(path);
  return answer;
}

const answer = new Answer();
