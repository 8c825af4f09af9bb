// The two clocks of the machine.

/** Milliseconds since 1970, as far as the system knows; it may be set forward and back. */
export function wallTime(): number {
  return Date.now();
}

/** Milliseconds on a clock that never goes back. Its zero is the start of the process. */
export function monotonicNow(): number {
  return performance.now();
}
