// The loss and probe timers of one path (RFC 9002, Section 6).

import type { PacketSpace } from "./packet_space.ts";
import type { RttEstimator } from "./rtt.ts";

/**
 * Longest time between probes in milliseconds, unless the probe timeout itself is longer: a path
 * that returns is in use again within two seconds, a round trip included.
 */
const MAX_PROBE_INTERVAL = 1_700;
/**
 * How much longer it may be for each millisecond by which the probe timeout is longer: a peer that
 * takes seconds to answer has too much to do, and more probes would be more to do.
 */
const SLOWNESS = 4;

/**
 * While another path could be used, a path without answers becomes suspect after this many
 * milliseconds or round trips, whichever is more.
 */
const LONGEST_WAIT = 200;
const LONGEST_WAIT_TRIPS = 2;

/** What a loss detector must know of the connection. */
export interface LossContext {
  /** RFC 9002, Section 6.2.1: 1-RTT packets are not probed for before. */
  readonly handshakeConfirmed: boolean;
  /** RFC 9002, Section 6.2.2.1: a client must probe until it knows the server may send freely. */
  readonly mustProbeUnasked: boolean;
  /** Whether Handshake packets can be sent. */
  readonly hasHandshakeKeys: boolean;
}

/**
 * The loss and probe timers of one path (RFC 9002, Section 6).
 *
 * Path 0 has the two handshake spaces as well; all share one backoff.
 */
export class LossDetector {
  /** Timeouts in a row without an acknowledgement. */
  ptoCount = 0;
  /** What {@linkcode deadline} gave last. */
  lastDeadline = Infinity;
  readonly #spaces: PacketSpace[];
  readonly #context: LossContext;
  /** When the last answer came, or the last probe timeout passed. */
  #idleSince = 0;
  /** When the last probe timeout passed, or its backoff ended. */
  #expiredAt = -Infinity;

  constructor(spaces: PacketSpace[], context: LossContext) {
    this.#spaces = spaces;
    this.#context = context;
  }

  /** A space's keys are gone. RFC 9002, Section 6.4: backoff starts over. */
  drop(space: PacketSpace): void {
    const index = this.#spaces.indexOf(space);
    if (index >= 0) this.#spaces.splice(index, 1);
    this.ptoCount = 0;
  }

  /** An ACK newly acknowledged ack-eliciting packets. */
  onAcked(now: number): void {
    this.#idleSince = now;
    // RFC 9002, Section 6.2.1: a client keeps its backoff until the server has validated it.
    if (this.ptoCount === 0 || this.#context.mustProbeUnasked) return;
    this.ptoCount = 0;
    // What is under way still was waited for longer than a timeout without backoff: it is not due
    // at once, as its answer may be the next.
    this.#expiredAt = now;
  }

  /** Probe timeouts count from one again. */
  resetBackoff(): void {
    this.ptoCount = 0;
  }

  /** Time has passed in which no answer could be seen: silence counts from now. */
  forgive(now: number): void {
    this.#idleSince = this.#expiredAt = now;
  }

  /** Something arrived that lets a client send again; timers count from now. */
  restart(now: number): void {
    this.#idleSince = now;
  }

  /**
   * When {@linkcode expire} must be called.
   *
   * @param rtt The round-trip time of the present 4-tuple.
   * @param hasOther Whether another path could be used instead.
   */
  deadline(rtt: RttEstimator, hasOther = false): number {
    let loss = Infinity;
    for (const space of this.#spaces) if (space.lossDeadline < loss) loss = space.lossDeadline;
    // RFC 9002, Section 6.2.1: one at a time; but what seems lost says nothing of a path that died.
    const isAlone = loss < Infinity && !hasOther;
    return this.lastDeadline = isAlone ? loss : Math.min(loss, this.#probeDeadline(rtt, hasOther));
  }

  #probeDeadline(rtt: RttEstimator, hasOther: boolean): number {
    let earliest = Infinity;
    for (const space of this.#spaces) {
      if (space.elicitingInFlight === 0 || !this.#mayProbe(space)) continue;
      // A probe that could not leave is waited for like one that did: otherwise the timeout would
      // be due all the time.
      const since = Math.max(space.lastElicitingSentAt, this.#expiredAt);
      const wait = this.#interval(rtt, space.expectedAckDelay, hasOther);
      earliest = Math.min(earliest, since + wait);
      if (!hasOther) continue;
      earliest = Math.min(earliest, this.#overdueAt(space, rtt));
    }
    if (earliest === Infinity && this.#context.mustProbeUnasked) {
      const { expectedAckDelay } = this.#spaces[0]!;
      return this.#idleSince + this.#interval(rtt, expectedAckDelay, hasOther);
    }
    return earliest;
  }

  /**
   * When too much time has passed without any answer, whatever has left meanwhile.
   *
   * RFC 9002, Section 6.2.1 has the timer start over whenever something leaves. With one path nothing
   * is lost by that: the next packet is as good as a probe. With another one to go to, small messages
   * would be fed to a dead path for as long as its window takes them in.
   */
  #overdueAt(space: PacketSpace, rtt: RttEstimator): number {
    const interval = this.#interval(rtt, space.maxAckDelay, true);
    const spare = Math.min(Math.max(longestWait(rtt) - interval, 0), interval);
    return Math.max(space.sent.unansweredSince(spare), this.#idleSince) + interval;
  }

  #mayProbe(space: PacketSpace): boolean {
    return this.#context.handshakeConfirmed || space !== this.#spaces.at(-1) ||
      this.#spaces.length === 1;
  }

  /** The probe timeout with backoff. */
  #interval(rtt: RttEstimator, ackDelay: number, hasOther: boolean): number {
    const base = baseTimeout(rtt, ackDelay, hasOther);
    const excess = Math.max(0, base - MAX_PROBE_INTERVAL);
    return Math.min(base * 2 ** this.ptoCount, MAX_PROBE_INTERVAL + SLOWNESS * excess);
  }

  /**
   * A deadline has come: packets are lost by time, or probes must go out.
   *
   * @param hasOther As for {@linkcode deadline}.
   * @returns Whether it was a probe timeout.
   */
  expire(rtt: RttEstimator, now: number, hasOther = false): boolean {
    let lossDue = false;
    for (const space of this.#spaces) {
      if (space.lossDeadline > now) continue;
      lossDue = true;
      space.detectLoss(now);
    }
    if (lossDue || this.#probeDeadline(rtt, hasOther) > now) return false;
    this.ptoCount++;
    this.#idleSince = this.#expiredAt = now;
    rtt.steady.onSilence();
    this.#probe(rtt);
    return true;
  }

  /**
   * RFC 9002, Section 6.2.2.1: an Initial packet earns the server credit, but a Handshake packet
   * proves the address.
   */
  get #unaskedIndex(): number {
    const hasBoth = this.#spaces.length > 2;
    return hasBoth && this.#context.hasHandshakeKeys ? 1 : 0;
  }

  /**
   * RFC 9002, Section 6.2.4: one or two ack-eliciting packets in every space that waits. RFC 9002,
   * Section 6.2: what is probed for is not lost yet.
   */
  #probe(rtt: RttEstimator): void {
    let asked = false;
    for (const space of this.#spaces) {
      space.rememberFor(3 * rtt.probeTimeout(space.maxAckDelay));
      if (space.elicitingInFlight === 0 || !this.#mayProbe(space)) continue;
      space.requeueOutstanding(2);
      space.requestProbes(2);
      asked = true;
    }
    if (!asked) this.#spaces[this.#unaskedIndex]!.requestProbes();
  }
}

/**
 * The probe timeout without backoff. One that a pause has inflated is cut: if another path could do
 * better, to what it is without pauses; else to the time between probes.
 */
function baseTimeout(rtt: RttEstimator, ackDelay: number, hasOther: boolean): number {
  const steady = rtt.steadyTimeout(ackDelay);
  if (hasOther) return Math.min(steady, longestWait(rtt));
  return Math.min(rtt.probeTimeout(ackDelay), Math.max(steady, MAX_PROBE_INTERVAL));
}

function longestWait(rtt: RttEstimator): number {
  return Math.max(LONGEST_WAIT, LONGEST_WAIT_TRIPS * rtt.steady.smoothed);
}
