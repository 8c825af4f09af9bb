import type { PacketSpace } from "./packet_space.ts";
import type { RttEstimator } from "./rtt.ts";

/**
 * Longest time between probes in milliseconds, unless the probe timeout itself is longer. A path that
 * is back is used again two seconds later at most, a round trip included.
 */
const MAX_PROBE_INTERVAL = 1_900;

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
  readonly #spaces: PacketSpace[];
  readonly #context: LossContext;
  /** When a probe without anything in flight is timed from. */
  #idleSince = 0;
  /** When the last probe timeout passed. */
  #expiredAt = -Infinity;

  constructor(spaces: PacketSpace[], context: LossContext) {
    this.#spaces = spaces;
    this.#context = context;
  }

  /** The spaces still in use; index order is handshake first. */
  get spaces(): readonly PacketSpace[] {
    return this.#spaces;
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
    if (!this.#context.mustProbeUnasked) this.ptoCount = 0;
  }

  /** Something arrived that lets a client send again; timers count from now. */
  restart(now: number): void {
    this.#idleSince = now;
  }

  /** When {@linkcode expire} must be called, given the round-trip time of the present 4-tuple. */
  deadline(rtt: RttEstimator): number {
    let loss = Infinity;
    for (const space of this.#spaces) if (space.lossDeadline < loss) loss = space.lossDeadline;
    return loss < Infinity ? loss : this.#probeDeadline(rtt);
  }

  #probeDeadline(rtt: RttEstimator): number {
    let earliest = Infinity;
    for (const space of this.#spaces) {
      if (space.elicitingInFlight === 0 || !this.#mayProbe(space)) continue;
      // A probe that could not leave is waited for like one that did: no timeout is for ever due.
      const since = Math.max(space.lastElicitingSentAt, this.#expiredAt);
      earliest = Math.min(earliest, since + this.interval(rtt, space));
    }
    if (earliest === Infinity && this.#context.mustProbeUnasked) {
      return this.#idleSince + this.interval(rtt, this.#spaces[0]!);
    }
    return earliest;
  }

  #mayProbe(space: PacketSpace): boolean {
    return this.#context.handshakeConfirmed || space !== this.#spaces.at(-1) ||
      this.#spaces.length === 1;
  }

  /** The probe timeout with backoff. */
  interval(rtt: RttEstimator, space: PacketSpace): number {
    const base = rtt.probeTimeout(space.expectedAckDelay);
    return Math.min(base * 2 ** this.ptoCount, Math.max(base, MAX_PROBE_INTERVAL));
  }

  /**
   * A deadline has come: packets are lost by time, or probes must go out.
   *
   * @returns Whether it was a probe timeout.
   */
  expire(rtt: RttEstimator, now: number): boolean {
    let lossDue = false;
    for (const space of this.#spaces) {
      if (space.lossDeadline > now) continue;
      lossDue = true;
      space.detectLoss(now);
    }
    if (lossDue || this.#probeDeadline(rtt) > now) return false;
    this.ptoCount++;
    this.#idleSince = this.#expiredAt = now;
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
      space.memory = 3 * rtt.probeTimeout(space.maxAckDelay);
      if (space.elicitingInFlight === 0 || !this.#mayProbe(space)) continue;
      space.requeueOutstanding(2);
      space.probes = 2;
      asked = true;
    }
    if (!asked) this.#spaces[this.#unaskedIndex]!.probes = 1;
  }
}
