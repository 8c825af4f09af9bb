// Work that a signal ends, whether it hears of the signal or not.

/**
 * Waits for work that a signal ends. Work that does not hear of it, such as a read of standard input
 * or the opening of a pipe, is waited for no longer than a while.
 *
 * @param work What is done.
 * @param signal Ends the waiting; then its reason is thrown.
 * @param grace Milliseconds that the work has after that, to end by itself.
 */
export async function stoppable<T>(
  work: Promise<T>,
  signal: AbortSignal,
  grace = 0,
): Promise<T> {
  const stopped = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function stop(): void {
    timer = setTimeout(() => stopped.reject(signal.reason), grace);
  }
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, stopped.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}
