/**
 * Tells milliseconds since 1970 for a `now`, the time of the monotonic clock that has just been
 * read.
 *
 * What outlives a process or comes from elsewhere (certificates, tickets, tokens) is judged by it,
 * and asks for it at each judgement: a monotonic clock stands still while a machine sleeps, and a
 * wall clock may be set after the process has begun, so the one cannot be had from the other once
 * and for all. In a simulation both run together.
 */
export type WallClock = (now: number) => number;
