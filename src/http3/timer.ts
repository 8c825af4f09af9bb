// Timers of any length.

/** Timers take 31 bits of milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Calls a function later; never, if that is farther away than timers reach.
 *
 * @returns How to call it off.
 */
export function later(milliseconds: number, action: () => void): () => void {
  if (milliseconds > LONGEST_TIMER) return () => {};
  const timer = setTimeout(action, milliseconds);
  return () => clearTimeout(timer);
}

/** As {@linkcode later}, without keeping the process for it. */
export function laterInBackground(milliseconds: number, action: () => void): () => void {
  if (milliseconds > LONGEST_TIMER) return () => {};
  const timer = setTimeout(action, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
}
