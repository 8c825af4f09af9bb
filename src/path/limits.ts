/*
 * What a peer may ask of the paths of one connection. The whole list of limits, those of other
 * folders included, is held together by `tests/hardening/limits_test.ts`.
 */

/** PATH_RESPONSEs that may wait for one 4-tuple; beyond, the oldest are dropped. */
export const MAX_RESPONSES = 8;
/** PATH_CHALLENGEs of a connection that are answered within one round trip. */
export const MAX_CHALLENGES_PER_RTT = 16;
/** Paths that a peer may be opening at once, their addresses unproven. */
export const MAX_UNPROVEN = 2;
/** Paths over one and the same 4-tuple. */
export const MAX_SAME_TUPLE = 2;
/** Paths that a peer may open one right after the other, and per second from then on. */
export const MAX_PATHS_BURST = 8;
export const MAX_PATHS_PER_SECOND = 4;
/** Connection IDs of all paths together that each end keeps. */
export const MAX_IDS = 32;
/** Connection IDs that a path needs: one to use, one to move. */
const LEAST_IDS = 2;

/** How many connection IDs one of so many paths may have. */
export function idsPerPath(wanted: number, maxPaths: number): number {
  return Math.min(wanted, Math.max(LEAST_IDS, Math.floor(MAX_IDS / maxPaths)));
}
