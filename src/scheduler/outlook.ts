import {
  arrivalAt,
  deliverableBy,
  demandIn,
  isOverdue,
  nextArrival,
  QUEUE_SEEN,
  rateOf,
  waitsUntil,
} from "./forecast.ts";
import type { PathView, ScheduleContext } from "./scheduler.ts";

/** Part of the round-trip time's variation by which waiting may lose and is still kept up. */
const HYSTERESIS = 0.25;
/** Safety factor of BLEST: how much more than forecast the faster paths may come to send. */
const GUARD = 1.2;

/**
 * What can be done now, and what would be possible by waiting. One object is filled for every
 * question.
 */
export class Outlook {
  /** Of the paths with room, the one on which a datagram arrives first. */
  best: PathView | undefined = undefined;
  /** The path without room that is waited for, if that is better: its datagram arrives first. */
  faster: PathView | undefined = undefined;
  /** When a datagram arrives on `best`. */
  arrival = Infinity;
  /** Until when it is worth waiting for `faster`. */
  patience = Infinity;
  /**
   * Bytes that the faster paths without room can deliver together before a datagram sent on `best`
   * now arrives: whoever has no more to send does better by waiting. 0 without a faster path.
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
    return bytesInFlight > 1.5 * rateOf(this.best!) * minRtt + 4 * maxDatagramSize;
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

  /** Whether a datagram on `best` could leave the faster paths without connection credit. */
  isGuarded(credit: number): boolean {
    if (this.faster === undefined) return false;
    return GUARD * this.reach > credit - this.best!.maxDatagramSize;
  }
}
