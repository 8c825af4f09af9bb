// What a policy of reinjection is: the views that it gets, and the copies that it asks for.

import type { Readiness } from "./readiness.ts";
import type { PathView } from "./scheduler.ts";

/**
 * A packet that was sent, as a policy of reinjection sees it. Milliseconds and bytes.
 * @category Schedulers
 */
export interface FlightPacket {
  /** When it left. */
  readonly timeSent: number;
  /** Bytes of UDP payload. */
  readonly size: number;
  /** How often its stream data were sent once more on another path. */
  readonly copies: number;
  /** Whether it is neither acknowledged nor lost. */
  readonly isOutstanding: boolean;
}

/**
 * The packets of a path that may still arrive, by number; some numbers have none.
 * @category Schedulers
 */
export interface FlightPackets {
  /** The lowest number. */
  readonly first: number;
  /** One above the highest number. */
  readonly next: number;
  /** The packet of a number, if it may still matter. */
  get(number: number): FlightPacket | undefined;
}

/**
 * A path with what is in flight on it. Milliseconds and bytes.
 * @category Schedulers
 */
export interface FlightPath extends PathView {
  /** How ready it is to carry data: whether it has ended, opens, is suspect. */
  readonly readiness: Readiness;
  /** How long an answer may take before the path is probed. */
  readonly probeTimeout: number;
  /** Bytes sent so far. */
  readonly bytesSent: number;
  /** When a packet was last found lost within a round trip of another. */
  readonly burstLossAt: number;
  /** How many packets in flight ask for an acknowledgement; those alone can carry data. */
  readonly unanswered: number;
  /** What was sent and may still arrive. */
  readonly packets: FlightPackets;
}

/**
 * What else a policy of reinjection may want to know. One object, updated for every question.
 * @category Schedulers
 */
export interface ReinjectionContext {
  /** The time in milliseconds, on the clock of the times in the views. */
  readonly now: number;
  /**
   * Whether there is more to send, for which the peer gives no credit until what is in flight has
   * arrived.
   */
  readonly stalled: boolean;
  /**
   * Whether the packet of a number carries stream data that may leave on any path, are in flight
   * once only, and have not been copied too often.
   */
  isCopyable(path: FlightPath, number: number): boolean;
}

/**
 * A packet whose stream data leave once more.
 * @category Schedulers
 */
export interface PacketCopy {
  /** The path of the packet. */
  from: FlightPath;
  /** Its number. */
  number: number;
  /** The path that the copy leaves on, once it has room. */
  to: FlightPath;
}

/**
 * Decides for one connection which packets in flight are sent once more on another path.
 * @category Schedulers
 */
export interface Reinjection {
  /** When to ask again at the latest, though nothing has happened; `Infinity` for never. */
  readonly deadline: number;
  /**
   * Asked while nothing else waits to be sent, several paths are there and packets that ask for an
   * acknowledgement are in flight, and again after each copy.
   * The answer is read before the next call, so one object may serve for all answers.
   *
   * @param paths The paths, by ID.
   * @returns What to copy, or `undefined` for nothing now.
   */
  next(paths: readonly FlightPath[], context: ReinjectionContext): PacketCopy | undefined;
}

/**
 * A policy of reinjection: makes what decides about copies, for each connection one.
 *
 * @category Schedulers
 * @example No copy before its packet is as old as the probe timeout
 * ```ts
 * import { Readiness, type ReinjectionPolicy } from "@mpquic/mpquic";
 *
 * const late: ReinjectionPolicy = {
 *   forConnection: () => ({
 *     deadline: Infinity,
 *     next(paths, { now, isCopyable }) {
 *       for (const from of paths) {
 *         const to = paths.find(({ id, readiness, room }) =>
 *           id !== from.id && readiness === Readiness.Fit && room > 0
 *         );
 *         const number = from.packets.first;
 *         const packet = from.packets.get(number);
 *         if (!to || !packet || packet.timeSent + from.probeTimeout > now) continue;
 *         if (isCopyable(from, number)) return { from, number, to };
 *       }
 *       return undefined;
 *     },
 *   }),
 * };
 * ```
 */
export interface ReinjectionPolicy {
  /** Makes what decides for one connection. */
  forConnection(): Reinjection;
}
