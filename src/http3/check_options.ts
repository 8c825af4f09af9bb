// Checks the options of HTTP/3.

import type { H3Options, H3ServerOptions } from "./options.ts";

/** Options that are sent as settings: numbers that the peer has to understand. */
const settings = ["qpackTableCapacity", "qpackBlockedStreams", "maxFieldSectionSize"] as const;
/** Limits and times of our own: `Infinity` means none. */
const limits = [
  "qpackBlockedBytes",
  "maxConcurrentHandlers",
  "headerTimeout",
  "bodyTimeout",
  "minBodyRate",
  "maxFailuresPerSecond",
] as const;

/**
 * Looks at options before anything depends on them.
 *
 * @throws {TypeError} Which one cannot be used.
 */
export function checkOptions(options: H3Options & H3ServerOptions): void {
  for (const name of settings) {
    const value = options[name];
    if (value === undefined || Number.isSafeInteger(value) && value >= 0) continue;
    throw new TypeError(`Cannot use ${value} for ${name}: it must be a whole number from 0 on`);
  }
  for (const name of limits) {
    const value = options[name];
    if (value === undefined || value >= 0) continue;
    throw new TypeError(`Cannot use ${value} for ${name}: it must be a number from 0 on`);
  }
}
