// What a path scheduler is: the views that it gets, and the assignment that it answers with.

import type { StreamOrder, StreamView } from "./stream_order.ts";

/**
 * Whether a path is for use, or only for when no available path is left (MPQUIC, Section 3.3).
 *
 * @category Paths
 */
export type PathStatus = "available" | "backup";

/**
 * What a scheduler sees of a path. It is the live path: nothing is copied per packet.
 * Times are in milliseconds, sizes in bytes, rates in bytes per millisecond.
 *
 * @category Schedulers
 */
export interface PathView {
  /** The path ID; never used twice in a connection. */
  readonly id: number;
  /** What both ends want of the path. Backups are offered only if no other path is left. */
  readonly status: PathStatus;
  /** Smoothed round-trip time. */
  readonly smoothedRtt: number;
  /** Mean variation of the round-trip time. */
  readonly rttVariation: number;
  /**
   * The least round-trip time known, or lately if the route has become longer; the smoothed one
   * while nothing was measured.
   */
  readonly minRtt: number;
  /** Whether the three above were measured, by an acknowledgement, rather than guessed. */
  readonly measured: boolean;
  /** Bytes that window, pacing and socket allow now; 0 unless a whole datagram may leave. */
  readonly room: number;
  /** The congestion window. */
  readonly congestionWindow: number;
  /** Bytes sent and neither acknowledged nor lost. */
  readonly bytesInFlight: number;
  /** Whether the window still doubles. */
  readonly inSlowStart: boolean;
  /** Whether window and delivery rate double with every round trip so far. */
  readonly doubles: boolean;
  /** The largest rate lately delivered; 0 while unknown. */
  readonly deliveryRate: number;
  /** The largest datagram. */
  readonly maxDatagramSize: number;
  /** When the last datagram left. */
  readonly lastSentAt: number;
  /** When pacing next lets a datagram leave. */
  readonly nextSendAt: number;
  /** When the oldest packet in flight should be acknowledged; `Infinity` without one. */
  readonly nextAckAt: number;
  /** Whether something that came on the path waits to be acknowledged: data carry that along. */
  readonly owesAck: boolean;
  /** Bytes in flight that should be acknowledged by `time`. */
  answeredBy(time: number): number;
}

/**
 * What else a scheduler may want to know. One object, updated for every question.
 *
 * @category Schedulers
 */
export interface ScheduleContext {
  /** The time in milliseconds, on the clock of the times in the views. */
  readonly now: number;
  /** Bytes that the peer's connection window still allows. */
  readonly credit: number;
  /** What the streams are sorted by. */
  readonly order: StreamOrder;
  /** Whether the last answer was to wait. */
  readonly waiting: boolean;
}

/**
 * A scheduler's answer: the path of the next datagram, and the streams whose data it carries. The
 * answer is read before the next call, so one object may serve for all answers.
 *
 * @category Schedulers
 */
export interface Assignment {
  /** The path to send on; without it the connection waits. */
  readonly path?: PathView | undefined;
  /** Fill the datagram from these streams, in this order; from all, most urgent first, if left out. */
  readonly streams?: readonly StreamView[] | undefined;
  /**
   * Bytes of DATAGRAM frames, the oldest, that rather wait for a faster path than go along: the path
   * was chosen for streams. Of those bound to a path none wait. 0 if left out.
   */
  readonly heldDatagrams?: number | undefined;
  /** The same stream data goes out on these paths too. */
  readonly copies?: readonly PathView[] | undefined;
  /** With no path: when to ask again at the latest, even if nothing has happened. */
  readonly until?: number | undefined;
}

/**
 * Decides, datagram by datagram, which path it leaves on and which streams it draws from.
 *
 * It is asked while there is something to send and at least one path has room, and again after
 * each datagram, acknowledgement, loss or new data. It must be a pure function of its arguments,
 * or a closure over state of its own.
 *
 * @param paths The usable paths, by ID; a blocked one has room 0. Backups only if nothing else is.
 * @param streams The streams with data to send, most urgent first; empty if only control frames wait.
 * @param context The time and the connection's credit.
 * @returns Where to send, or `undefined` to wait for something to change.
 *
 * @example A scheduler in a few lines: the path with the largest window
 * ```ts
 * import type { Scheduler } from "@mpquic/mpquic";
 *
 * const widest: Scheduler = (paths) => {
 *   const open = paths.filter((path) => path.room > 0);
 *   open.sort((a, b) => b.congestionWindow - a.congestionWindow);
 *   return open.length > 0 ? { path: open[0] } : undefined;
 * };
 * ```
 *
 * @category Schedulers
 */
export type Scheduler = (
  paths: readonly PathView[],
  streams: readonly StreamView[],
  context: ScheduleContext,
) => Assignment | undefined;

/**
 * Makes a scheduler for each connection, with state of its own. A scheduler that is a plain function
 * with state serves all connections of a listener, or of a `fetch`, with that one state.
 *
 * @example The paths in turn, counted for each connection by itself
 * ```ts
 * import type { SchedulerFactory } from "@mpquic/mpquic";
 *
 * const inTurn: SchedulerFactory = {
 *   forConnection() {
 *     let turn = 0;
 *     return (paths) => {
 *       const open = paths.filter((path) => path.room > 0);
 *       return open.length > 0 ? { path: open[turn++ % open.length] } : undefined;
 *     };
 *   },
 * };
 * ```
 *
 * @category Schedulers
 */
export interface SchedulerFactory {
  /** Makes the scheduler of one connection. */
  forConnection(): Scheduler;
}

/** The scheduler of one more connection, be it made for that connection or the same for all. */
export function schedulerOf(chosen: Scheduler | SchedulerFactory): Scheduler {
  return typeof chosen === "function" ? chosen : chosen.forConnection();
}
