// Compares the best path that has room with the faster paths that may soon have room.

import {
  arrivalAt,
  deliverableBy,
  demandIn,
  isOverdue,
  nextArrival,
  QUEUE_SEEN,
  rateOf,
  transitOf,
  waitsUntil,
} from "./forecast.ts";
import type { PathView, ScheduleContext } from "./scheduler.ts";

/** Once a stream waits, waiting may cost this part of the round-trip variation before it ends. */
const HYSTERESIS = 0.25;
/** A path is full with this many times what it holds in flight, and so many datagrams in addition. */
const FULL = 1.5;
const FULL_DATAGRAMS = 4;
/** Safety factor of BLEST: the faster paths may send this many times their forecast. */
const GUARD = 1.2;

/**
 * What the paths can do now, and what they could do after waiting. One object is filled again for
 * each question.
 */
export class Outlook {
  /** The path with room on which a datagram arrives first. */
  best: PathView | undefined = undefined;
  /**
   * The path without room on which a datagram would arrive first, if that is earlier than on
   * `best`.
   */
  faster: PathView | undefined = undefined;
  /** When a datagram arrives on `best`. */
  arrival = Infinity;
  /** Until when it is worth waiting for `faster`. */
  patience = Infinity;
  /**
   * Bytes that the faster paths without room can deliver together before a datagram sent now on
   * `best` arrives: a stream with fewer bytes left gains by waiting. 0 without a faster path.
   */
  capacity = 0;
  /** Bytes of connection credit that the faster paths may use up before `best` gives back any. */
  reach = 0;

  /**
   * Whether `best` has as much in flight as it can use, so that more would only lengthen its queue.
   * Then a stream without a known end may wait as well: it loses nothing.
   */
  get isFull(): boolean {
    const { bytesInFlight, inSlowStart, maxDatagramSize, minRtt, smoothedRtt } = this.best!;
    // A window that grows and has met no queue is not yet what the path holds; to judge it by the
    // rate of the window before would keep both small.
    if (inSlowStart && smoothedRtt < QUEUE_SEEN * minRtt) return false;
    // Some more than the path holds, since its rate may be known too low while the window grows.
    return bytesInFlight > FULL * rateOf(this.best!) * minRtt + FULL_DATAGRAMS * maxDatagramSize;
  }

  /** Looks at all paths. */
  survey(paths: readonly PathView[], context: ScheduleContext): void {
    this.best = undefined;
    this.arrival = Infinity;
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      if (path.room === 0) continue;
      const arrival = nextArrival(path, context);
      if (arrival < this.arrival) {
        this.best = path;
        this.arrival = arrival;
      }
    }
    this.#lookFurther(paths, context);
  }

  /** Sums up the paths without room that will be faster nevertheless: water filling. */
  #lookFurther(paths: readonly PathView[], context: ScheduleContext): void {
    const { best } = this;
    const { now } = context;
    this.faster = undefined;
    this.patience = Infinity;
    this.capacity = this.reach = 0;
    if (best === undefined) return;
    const slack = context.waiting ? HYSTERESIS * best.rttVariation : 0;
    let earliest = this.arrival;
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      if (path === best || path.room > 0 || isOverdue(path, now)) continue;
      const arrival = arrivalAt(path, path.maxDatagramSize, now);
      if (arrival >= this.arrival) continue;
      this.capacity += deliverableBy(path, this.arrival + slack, now);
      this.reach += demandIn(path, this.arrival - now + path.smoothedRtt / 2);
      if (arrival < earliest) {
        earliest = arrival;
        this.faster = path;
        this.patience = waitsUntil(path, now);
      }
    }
  }

  /**
   * The path for what fits a datagram while nothing is in flight: one that has to acknowledge
   * something anyway is as good as `best` if `best` is sooner by no more than its round-trip time
   * varies. So an answer takes the way of its question and acknowledges it, and there is no datagram
   * on another path that only acknowledges.
   */
  companion(paths: readonly PathView[], bytes: number): PathView {
    const best = this.best!;
    if (best.owesAck || best.bytesInFlight > 0 || bytes > best.maxDatagramSize) return best;
    const bound = transitOf(best) + best.rttVariation;
    for (let i = 0; i < paths.length; i++) {
      const path = paths[i]!;
      if (!path.owesAck || path.room < bytes || path.bytesInFlight > 0) continue;
      // A rate is of no matter to a single datagram, and not known of a path that carried little.
      if (transitOf(path) <= bound) return path;
    }
    return best;
  }

  /** Whether a datagram on `best` could leave the faster paths without connection credit. */
  isGuarded(credit: number): boolean {
    if (this.faster === undefined) return false;
    return GUARD * this.reach > credit - this.best!.maxDatagramSize;
  }
}
