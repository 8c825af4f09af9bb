// The scheduler that uses one path, and the next when that fails.

import { Answer } from "./answer.ts";
import type { Assignment, PathView } from "./scheduler.ts";

/**
 * Sends on the first usable path only; the others wait until it fails.
 *
 * Unlike paths that are opened as backups, the peer need not know of it.
 *
 * @param paths The usable paths.
 * @returns The path with the lowest ID, if it has room.
 *
 * @example Choose it for a connection
 * ```ts
 * import { backup, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = backup;
 * ```
 *
 * @category Schedulers
 */
export function backup(paths: readonly PathView[]): Assignment | undefined {
  const first = paths[0];
  return first !== undefined && first.room > 0 ? answer.send(first) : undefined;
}

const answer = new Answer();
