/**
 * How ready a path is to carry data; each step includes those before it.
 * @category Paths
 */
export const Readiness = {
  /** It has ended: late packets are acknowledged on other paths. */
  Ended: 0,
  /** Packets may leave on it, but no data: its 4-tuple is being validated. */
  Opening: 1,
  /** Data may leave on it, but there is no connection ID to send to. */
  Open: 2,
  /** Data may leave on it if no other path is better: it is suspect. */
  Usable: 3,
  /** It is usable, and not suspect. */
  Healthy: 4,
  /** Data may be given to it now: it is healthy, and its port is not busy for long. */
  Fit: 5,
} as const;
/**
 * One of the values of {@linkcode Readiness}.
 * @category Paths
 */
export type Readiness = (typeof Readiness)[keyof typeof Readiness];
