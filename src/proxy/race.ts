// Connects to whichever of several addresses answers first (RFC 8305).

/** Milliseconds that an address has before the next one is tried as well (RFC 8305, Section 5). */
const ATTEMPT_DELAY = 250;

/**
 * Addresses of both families in turn, in the order of the resolver otherwise: a family that leads
 * nowhere costs one attempt.
 */
export function interleaved(addresses: readonly string[]): readonly string[] {
  const isFirst = (address: string) => address.includes(":") === addresses[0]?.includes(":");
  const first = addresses.filter(isFirst);
  const second = addresses.filter((address) => !isFirst(address));
  const turns = Array.from({ length: addresses.length }, (_, i) => [first[i], second[i]]);
  return turns.flat().filter((address) => address !== undefined);
}

/**
 * The first connection that comes about. Attempts begin one after the other; one that fails makes
 * the next begin at once.
 *
 * @param attempt Connects to an address, until its signal is aborted.
 * @param discard Takes a connection that came about too late.
 * @throws What the last attempt to fail threw.
 */
export function race<T>(
  addresses: readonly string[],
  attempt: (address: string, signal: AbortSignal) => Promise<T>,
  discard: (late: T) => void,
  signal: AbortSignal,
): Promise<T> {
  const others = new AbortController();
  const result = Promise.withResolvers<T>();
  let next = 0;
  let failed = 0;
  let isSettled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const settle = () => {
    isSettled = true;
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
    others.abort(new Error("Another address was faster"));
  };
  const onAbort = () => {
    settle();
    result.reject(signal.reason);
  };
  const begin = () => {
    clearTimeout(timer);
    const address = addresses[next++];
    if (address === undefined) return;
    if (next < addresses.length) timer = setTimeout(begin, ATTEMPT_DELAY);
    attempt(address, others.signal).then((connection) => {
      if (isSettled) return discard(connection);
      settle();
      result.resolve(connection);
    }, (error) => {
      if (isSettled) return;
      if (++failed < addresses.length) return begin();
      settle();
      result.reject(error);
    });
  };
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  else begin();
  return result.promise;
}
