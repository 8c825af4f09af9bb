// How much reordering of packets a path bears before it takes them to be lost.

/** RFC 9002, Section 6.1.1: packets sent this much later and acknowledged make one lost. */
const LEAST_PACKETS = 3;
const MOST_PACKETS = 128;
/** RFC 9002, Section 6.1.2: so many round trips without an acknowledgement. */
const LEAST_TRIPS = 9 / 8;
/** As far as RACK (RFC 8985) goes: one round trip is waited for in addition. */
const MOST_TRIPS = 2;
/** So many packets that are really lost take the patience back; RACK counts 16 recoveries. */
const LOSSES = 16;

/**
 * How far out of order packets of one number space arrive. What is taken to be lost and arrives after
 * all says that more has to be borne: on a network that delays some packets by a fraction of a round
 * trip more than others, each of these would be sent again.
 */
export class Reordering {
  /** A packet is lost once one of a number higher by so much is acknowledged. */
  packets: number = LEAST_PACKETS;
  /** A packet is lost so many round trips after it was sent. */
  trips: number = LEAST_TRIPS;

  /**
   * A packet that was taken to be lost is acknowledged.
   *
   * @param distance By how much the highest number acknowledged is above its own.
   * @param trips How many round trips after it was sent.
   */
  onSpuriousLoss(distance: number, trips: number): void {
    this.packets = Math.min(Math.max(this.packets, distance + 1), MOST_PACKETS);
    this.trips = Math.min(Math.max(this.trips, trips), MOST_TRIPS);
  }

  /** A packet is lost for good. Patience makes repetitions late, and must be worth that. */
  onLoss(): void {
    this.trips = Math.max(this.trips - (MOST_TRIPS - LEAST_TRIPS) / LOSSES, LEAST_TRIPS);
  }
}
