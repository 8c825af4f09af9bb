// A pause that can be ended.

/** Timers take 31 bits of milliseconds, which are 25 days; what is more would be none at all. */
const LONGEST = 2 ** 31 - 1;

/**
 * Waits.
 *
 * @param milliseconds How long; no longer than 25 days.
 * @param signal Ends the waiting; then its reason is thrown.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(done, Math.min(milliseconds, LONGEST));
    signal.addEventListener("abort", abort, { once: true });
    function done(): void {
      signal.removeEventListener("abort", abort);
      resolve();
    }
    function abort(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}
