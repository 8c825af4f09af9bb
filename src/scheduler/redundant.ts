import type { Assignment, PathView } from "./scheduler.ts";

/**
 * Sends everything on every path with room: the first copy to arrive counts.
 *
 * It costs as much again per path, and is for data that must not be late.
 *
 * @param paths The usable paths.
 * @returns The fastest path with room, and the others with room for copies.
 *
 * @example Choose it for a connection
 * ```ts
 * import { redundant, type Scheduler } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = redundant;
 * ```
 */
export function redundant(paths: readonly PathView[]): Assignment | undefined {
  const open = paths.filter((path) => path.room > 0);
  if (open.length === 0) return undefined;
  open.sort((a, b) => a.smoothedRtt - b.smoothedRtt);
  return { path: open[0], copies: open.slice(1) };
}
