/** Milliseconds on a clock that never goes back. Its zero is the start of the process. */
export function monotonicNow(): number {
  return performance.now();
}
