// Forecasts of one path: when a datagram may leave, how fast bytes are delivered, when they arrive.

import type { PathView, ScheduleContext } from "./scheduler.ts";

/** RFC 9406, Section 4.2: a round trip an eighth longer than the least one has met a queue. */
export const QUEUE_SEEN = 1.125;
/** Milliseconds; shorter round-trip times say nothing about a rate. */
const LEAST_RTT = 0.1;
/**
 * The part of the first window that counts as deliverable: the first window is our choice, not a
 * property of the path.
 */
const UNPROVEN = 1 / 3;
/** Datagrams of a first window (RFC 9002, Section 7.2). */
const FIRST_WINDOW = 10;
/** The same part, for bytes that are already in flight. */
const UNPROVEN_IN_FLIGHT = 1 / 2;
/** Most doublings of a window that a forecast of delivery assumes. */
const MAX_DOUBLINGS = 3;
/**
 * Most doublings that a forecast of demand assumes, where an estimate that is too low does harm.
 */
const MOST_DOUBLINGS = 12;

/** Whether the congestion window lets a whole datagram leave. */
export function hasWindow(path: PathView): boolean {
  return path.bytesInFlight + path.maxDatagramSize <= path.congestionWindow;
}

/**
 * The rate at which a path will deliver, in bytes per millisecond: the largest that it has shown,
 * if the window has room for that; while nothing is known, a part of what the window allows. A rate
 * that doubles is soon twice as large, though no larger than the window lets it be: a queue that is
 * building up lengthens the round trip, and so tells where that ends.
 *
 * The estimate is too high rather than too low: too low would spread bytes that belong together
 * over slow paths.
 */
export function rateOf(path: PathView): number {
  const { congestionWindow, deliveryRate, maxDatagramSize, minRtt, smoothedRtt } = path;
  if (deliveryRate === 0) {
    // A window that an outage has left at its minimum says as little.
    const first = Math.max(congestionWindow, FIRST_WINDOW * maxDatagramSize);
    return Math.min(UNPROVEN * first, congestionWindow) / Math.max(smoothedRtt, LEAST_RTT);
  }
  if (path.doubles) {
    const allowed = congestionWindow / Math.max(smoothedRtt, LEAST_RTT);
    return Math.max(deliveryRate, Math.min(2 * deliveryRate, allowed));
  }
  return Math.min(deliveryRate, congestionWindow / Math.max(minRtt, LEAST_RTT));
}

/** When the next datagram could leave on a path. */
export function departAt(path: PathView, now: number): number {
  if (hasWindow(path)) return Math.max(now, path.nextSendAt);
  const { nextAckAt } = path;
  const answer = nextAckAt < Infinity ? nextAckAt : now + path.smoothedRtt;
  return Math.max(now, answer, path.nextSendAt);
}

/**
 * Milliseconds until bytes that leave now arrive, without the time for their own length.
 *
 * Half of the least round trip, plus the queue ahead. Bytes in flight need their size over the rate
 * to drain, less the time that acknowledgements take back. This estimate notices a queue earlier
 * than the smoothed round-trip time, and sees no queue on an idle path, whose smoothed round-trip
 * time is out of date. If the rate is estimated too high, the round-trip time still shows the
 * queue, in proportion to the used part of the window.
 */
export function transitOf(path: PathView): number {
  const half = path.minRtt / 2;
  const { bytesInFlight } = path;
  const measured = bytesInFlight / path.congestionWindow * path.smoothedRtt;
  // A rate that is only assumed would make a queue of any window in use.
  const drained = path.deliveryRate === 0
    ? measured / UNPROVEN_IN_FLIGHT
    : bytesInFlight / rateOf(path);
  return Math.max(half, drained - half, Math.min(measured, path.smoothedRtt) - half);
}

/** When the last of `bytes` bytes would arrive if they were given to the path alone, now. */
export function arrivalAt(path: PathView, bytes: number, now: number): number {
  return departAt(path, now) + bytes / rateOf(path) + transitOf(path);
}

/** How many bytes a path can have delivered by a time, if it takes nothing else from now on. */
export function deliverableBy(path: PathView, time: number, now: number): number {
  const span = time - departAt(path, now) - transitOf(path);
  if (span <= 0) return 0;
  if (!path.doubles) return rateOf(path) * span;
  const clocked = clockedWithin(path, time - path.minRtt / 2, now);
  return Math.max(whileDoubling(path, span, MAX_DOUBLINGS), clocked);
}

/**
 * How much leaves by a time if each acknowledgement makes room for twice as much, and pacing spreads
 * two windows over a round trip. Acknowledgements come in bursts as long as the window is small,
 * which a rate does not show.
 */
function clockedWithin(path: PathView, time: number, now: number): number {
  const { bytesInFlight, congestionWindow, nextSendAt, smoothedRtt } = path;
  // A window that is not used to the half has not doubled by what is under way.
  if (2 * bytesInFlight < congestionWindow) return 0;
  const left = Math.max(0, congestionWindow - bytesInFlight) + 2 * path.answeredBy(time);
  const span = Math.max(0, time - Math.max(now, nextSendAt));
  return Math.min(left, 2 * congestionWindow / Math.max(smoothedRtt, LEAST_RTT) * span);
}

/**
 * Upper estimate of the bytes that a path may send in `span` milliseconds. While the rate of the
 * path still grows, it is assumed to keep doubling.
 */
export function demandIn(path: PathView, span: number): number {
  const grows = path.doubles || (path.inSlowStart && path.deliveryRate === 0);
  return grows ? whileDoubling(path, span, MOST_DOUBLINGS) : rateOf(path) * span;
}

/** Bytes that a path delivers in some time while its window doubles with every round trip. */
function whileDoubling(path: PathView, span: number, doublings: number): number {
  const rtt = Math.max(path.minRtt, LEAST_RTT);
  const rounds = Math.min(span / rtt, doublings);
  const factor = 2 ** rounds;
  return rateOf(path) * ((factor - 1) / Math.LN2 * rtt + factor * (span - rounds * rtt));
}

/**
 * Whether the next acknowledgement of a blocked path is late. Data no longer wait for such a path:
 * a probe timeout may follow shortly.
 */
export function isOverdue(path: PathView, now: number): boolean {
  return path.room === 0 && now > overdueAt(path);
}

/**
 * Until when to wait for a path without room. If the window blocks the path, the next
 * acknowledgement ends the wait; its time is a forecast, so the wait ends when it is late.
 */
export function waitsUntil(path: PathView, now: number): number {
  return hasWindow(path) || path.nextAckAt === Infinity ? departAt(path, now) : overdueAt(path);
}

/**
 * How much later than expected an answer may come, in milliseconds; RFC 9002, Section 6.1.2 leaves
 * an eighth of the round trip for reordering.
 */
export function toleranceOf(path: PathView): number {
  return Math.max(4 * path.rttVariation, path.smoothedRtt / 8, 1);
}

/**
 * When the next acknowledgement is late: the peer acknowledges every second packet, so two packets
 * are waited for.
 */
function overdueAt(path: PathView): number {
  return path.nextAckAt + toleranceOf(path) + 2 * path.maxDatagramSize / rateOf(path);
}

/** The time at which a path that could send now, or soon, gets one datagram across. */
export function nextArrival(path: PathView, context: ScheduleContext): number {
  return arrivalAt(path, path.maxDatagramSize, context.now);
}
