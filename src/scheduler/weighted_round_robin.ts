// The weighted round robin scheduler: shares datagrams in proportion to the weights of paths.

import { Answer } from "./answer.ts";
import { rateOf } from "./forecast.ts";
import type { PathView, Scheduler } from "./scheduler.ts";

/** Most datagrams that a path may be owed: turns missed long ago are not made up for. */
const MOST_OWED = 8;

/**
 * Makes a scheduler that shares datagrams among the paths in proportion to their weights, by
 * deficit round robin. A path without room is passed over.
 *
 * @param weightOf The weight of a path: its present rate, if left out.
 * @returns A scheduler, which can serve many connections: what is owed is kept by path.
 *
 * @example Three parts on path 0, one on each of the others
 * ```ts
 * import { type Scheduler, weightedRoundRobin } from "@mpquic/mpquic";
 *
 * const scheduler: Scheduler = weightedRoundRobin((path) => path.id === 0 ? 3 : 1);
 * ```
 *
 * @category Schedulers
 */
export function weightedRoundRobin(weightOf: (path: PathView) => number = rateOf): Scheduler {
  const answer = new Answer();
  const owed = new WeakMap<PathView, number>();
  return (paths) => {
    const next = mostOwed(paths, owed);
    if (next === undefined) return undefined;
    share(paths, owed, weightOf, next.maxDatagramSize);
    owed.set(next, owed.get(next)! - next.maxDatagramSize);
    return answer.send(next);
  };
}

/** Of the paths with room, the one whose deficit is the largest. */
function mostOwed(
  paths: readonly PathView[],
  owed: WeakMap<PathView, number>,
): PathView | undefined {
  let best: PathView | undefined;
  let most = -Infinity;
  for (const path of paths) {
    const due = owed.get(path) ?? 0;
    if (path.room === 0 || due <= most) continue;
    best = path;
    most = due;
  }
  return best;
}

/** Credits every path with its part of `bytes`. */
function share(
  paths: readonly PathView[],
  owed: WeakMap<PathView, number>,
  weightOf: (path: PathView) => number,
  bytes: number,
): void {
  let total = 0;
  for (const path of paths) total += weightOf(path);
  for (const path of paths) {
    const due = (owed.get(path) ?? 0) + bytes * weightOf(path) / total;
    const most = MOST_OWED * path.maxDatagramSize;
    owed.set(path, Math.max(-most, Math.min(due, most)));
  }
}
