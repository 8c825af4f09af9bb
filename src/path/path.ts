// A path: one path ID with its packet numbers, whatever 4-tuple it uses.

import { Readiness } from "../scheduler/readiness.ts";
import type { Random } from "../crypto/random.ts";
import { type LossContext, LossDetector } from "../recovery/loss_detector.ts";
import type { PathCounters } from "../recovery/path_counters.ts";
import { PacketSpace } from "../recovery/packet_space.ts";
import type { AckPolicy } from "../recovery/received_packets.ts";
import type { FlightPackets, FlightPath } from "../scheduler/reinjection.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";
import type { Address } from "./address/address.ts";
import type { LifeSigns } from "./health/life_signs.ts";
import { type Health, Stage } from "./health/lifecycle.ts";
import { NetworkPath, STUCK_AFTER } from "./network/network_path.ts";
import type { NetworkPathOptions } from "./network/network_path_options.ts";
import { PathHealth } from "./health/path_health.ts";
import { PathPings } from "./health/path_pings.ts";
import type { PathSlot } from "./id/path_slot.ts";
import { Route } from "./route.ts";
import type { WatchContext } from "./health/watch_context.ts";
import type { Port } from "./address/port.ts";
import type { UnprovenBytes } from "./address/unproven_bytes.ts";

/** Milliseconds for which a path that became slow counts as slow without another sample; BBR's. */
const MEMORY = 10_000;

/** What a path needs of its connection. */
export interface PathContext extends LossContext, WatchContext {
  readonly random: Random;
  readonly ackPolicy: AckPolicy;
  readonly network: NetworkPathOptions;
  /** What may be sent to addresses that are not proven, of all paths together. */
  readonly unproven: UnprovenBytes;
  /** How many packets the peer answers with one acknowledgement. */
  readonly peerAckThreshold: number;
  /** How long the peer may hold back acknowledgements, in milliseconds. */
  readonly peerMaxAckDelay: number;
  /** The largest datagram that the peer takes. */
  readonly peerMaxDatagramSize: number;
  /** Milliseconds of silence after which a PING is sent on a path; 0 for never. */
  readonly keepAliveInterval: number;
}

/** The other paths of the connection. */
export interface Siblings {
  /** Whether another path can be used. */
  hasOther(path: Path): boolean;
}

/**
 * A path: one path ID with its packet numbers, whatever 4-tuple it uses at present.
 *
 * The object is also the view that a scheduler gets.
 */
export class Path implements FlightPath {
  readonly id: number;
  /** @internal */
  readonly slot: PathSlot<Path>;
  /** The 1-RTT packet number space. */
  readonly space: PacketSpace;
  /** @internal */
  readonly loss: LossDetector;
  /** What it carried so far. */
  readonly counters: PathCounters;
  /**
   * Its 4-tuples.
   *
   * @internal
   */
  readonly route: Route;
  /** PINGs that must leave on this very path. */
  readonly pings: PathPings = new PathPings();
  /** Bytes that may leave now, as of the last {@linkcode refresh}. */
  room = 0;
  readonly #context: PathContext;
  readonly #siblings: Siblings;
  readonly #health = new PathHealth();
  #stage: Stage = Stage.Opening;
  #now = 0;
  /** When frames in flight on an abandoned path go back to their owners. */
  #requeueAt = Infinity;

  /**
   * @param handshake The spaces of Initial and Handshake, which path 0 looks after as well.
   * @internal
   */
  constructor(
    slot: PathSlot<Path>,
    port: Port,
    remote: Address,
    context: PathContext,
    siblings: Siblings,
    handshake: readonly PacketSpace[] = [],
  ) {
    this.id = slot.id;
    this.slot = slot;
    this.#context = context;
    this.#siblings = siblings;
    this.space = new PacketSpace(context.ackPolicy, context.random);
    this.space.allowDelay(context.peerMaxAckDelay);
    this.loss = new LossDetector([...handshake, this.space], context);
    this.counters = this.space.counters;
    for (const space of handshake) space.countIn(this.counters);
    const { counters } = this;
    const { network, unproven } = context;
    const make = (port: Port, remote: Address, limit: UnprovenBytes | undefined) => {
      const made = new NetworkPath(port, remote, network, counters, limit);
      // RFC 9000, Section 18.2: whatever the 4-tuple, and before anything has left.
      made.limitDatagramSize(context.peerMaxDatagramSize);
      return made;
    };
    const first = make(port, remote, handshake.length > 0 ? undefined : unproven);
    this.route = new Route(first, (port, remote) => make(port, remote, unproven));
  }

  /** The 4-tuple in use. */
  get current(): NetworkPath {
    return this.route.current;
  }

  /** How far its life is. */
  get stage(): Stage {
    return this.#stage;
  }

  /** Moves forward; false if the path is there or beyond already. */
  advance(next: Stage): boolean {
    if (next <= this.#stage) return false;
    this.#stage = next;
    return true;
  }

  /** How ready the path is to carry data. */
  get readiness(): Readiness {
    if (this.#stage === Stage.Opening) return Readiness.Opening;
    if (this.#stage !== Stage.Open) return Readiness.Ended;
    if (!this.slot.remote.usable) return Readiness.Open;
    if (this.#health.isDoubted) return Readiness.Usable;
    const isStuck = this.#now - this.route.current.busySince > STUCK_AFTER;
    return isStuck ? Readiness.Healthy : Readiness.Fit;
  }

  /** How far the peer can be trusted to answer. */
  get health(): Health {
    return this.#health.state;
  }

  /** The signs of life by which paths are compared. */
  get life(): LifeSigns {
    return this.#health.signs;
  }

  /** Whether the peer has shown that it knows of the path. */
  get heard(): boolean {
    return this.space.received.largest >= 0 || this.space.largestAcked >= 0;
  }

  get status(): PathStatus {
    return this.slot.status.effective;
  }

  get smoothedRtt(): number {
    return this.current.rtt.smoothed;
  }

  get rttVariation(): number {
    return this.current.rtt.variation;
  }

  get minRtt(): number {
    const { bytesInFlight, rtt } = this.current;
    if (rtt.min === Infinity) return rtt.smoothed;
    // What is used no more has to be tried again, as it may be fast again: one packet tells.
    const isTold = bytesInFlight > 0 || this.#now - this.space.lastElicitingSentAt < MEMORY;
    return isTold ? rtt.floor : rtt.min;
  }

  get measured(): boolean {
    return this.current.rtt.isMeasured;
  }

  get congestionWindow(): number {
    return this.current.congestion.window;
  }

  get bytesInFlight(): number {
    return this.current.bytesInFlight;
  }

  get inSlowStart(): boolean {
    return this.current.congestion.inSlowStart;
  }

  get doubles(): boolean {
    return this.current.doubles;
  }

  get deliveryRate(): number {
    return this.current.deliveryRate;
  }

  get maxDatagramSize(): number {
    return this.current.mtu.current;
  }

  get bytesSent(): number {
    return this.current.bytesSent;
  }

  get burstLossAt(): number {
    return this.current.burstLossAt;
  }

  get unanswered(): number {
    return this.space.elicitingInFlight;
  }

  get packets(): FlightPackets {
    return this.space.sent;
  }

  get lastSentAt(): number {
    return this.current.lastSentAt;
  }

  get nextSendAt(): number {
    return this.current.pacer.nextSendAt(this.#now);
  }

  get nextAckAt(): number {
    return this.space.answeredFrom(this.#context.peerAckThreshold) + this.current.rtt.smoothed;
  }

  get owesAck(): boolean {
    return this.space.received.eliciting > 0;
  }

  answeredBy(time: number): number {
    return this.current.inFlightUpTo(this.space.sent.lastBy(time - this.smoothedRtt));
  }

  /** Notes the time, and what may be sent now. */
  refresh(now: number): void {
    this.#now = now;
    this.room = this.readiness >= Readiness.Usable ? this.current.room(now) : 0;
  }

  /** The probe timeout of this path, without backoff. */
  get probeTimeout(): number {
    return this.current.rtt.probeTimeout(this.space.maxAckDelay);
  }

  /** The same without the share of pauses: to wait longer would be useless. */
  get steadyTimeout(): number {
    return this.current.rtt.steadyTimeout(this.space.maxAckDelay);
  }

  /** An ACK named packets of this path, and came by that with the ID `by`. */
  onAnswered(by: number, now: number): void {
    this.loss.onAcked(now);
    // An answer that takes another path because this one is suspect, at either end, is no habit of
    // the peer.
    const isDoubt = this.#health.isDoubted || this.slot.status.remote === "backup";
    this.life.onAnswered(isDoubt && by !== this.id ? this.life.answeredBy : by, now);
    // A path that delivers only small packets is not healthy yet.
    if (!this.current.mtu.doubtful) this.trust();
    this.pings.forgetAnswered();
  }

  /** The path is no longer suspect. */
  trust(): void {
    if (this.#health.trust()) this.slot.status.doubt(false);
  }

  /**
   * A probe timeout passed, or sending failed.
   *
   * @param alternative Whether there is another path to rely on.
   */
  onProbeTimeout(alternative: boolean, now: number): void {
    this.life.onSilence(now);
    // A path that is not proven carries no data yet.
    if (alternative && this.readiness >= Readiness.Open) this.doubt();
  }

  /** Other paths are used until this one answers. */
  doubt(): void {
    this.#health.doubt(this.loss.ptoCount);
    this.slot.status.doubt(true);
    // MPQUIC, Section 5.7: what is delayed here may go out on other paths.
    this.space.requeueOutstanding(Infinity);
  }

  /**
   * A packet arrived on the path. If the path is suspect, a PING leaves now rather than when the
   * backoff ends (MPQUIC, Section 3.3: to switch back in time).
   */
  onHeard(now: number): void {
    if (!this.#health.isDoubted) return;
    if (now - this.space.lastElicitingSentAt < this.steadyTimeout) return;
    this.space.requestProbes();
  }

  /** A socket could not send for the path, which may pass or not. */
  onSendFailed(alternative: boolean, now: number): void {
    this.life.onSendFailed(now);
    this.onProbeTimeout(alternative, now);
  }

  /**
   * Acts on news about the datagram size.
   *
   * @returns Whether the 4-tuple carries too little to be used (RFC 9000, Section 14.2).
   */
  settleSize(): boolean {
    const { mtu } = this.current;
    if (mtu.takeTrial()) this.space.requestProbes(2);
    return mtu.tooNarrow;
  }

  /**
   * When a PING is due. MPQUIC, Section 5.9: each path for itself, or the others' traffic would let
   * what translates addresses on this one forget it.
   */
  get keepAliveDeadline(): number {
    const { keepAliveInterval } = this.#context;
    // A PING that is due already waits to be sent.
    if (keepAliveInterval <= 0 || this.readiness < Readiness.Open || this.space.probes > 0) {
      return Infinity;
    }
    return this.current.lastSentAt + keepAliveInterval;
  }

  /** When {@linkcode PathSet} must look after this path. */
  get deadline(): number {
    let earliest = Math.min(this.#requeueAt, this.slot.removeAt);
    const ackAt = this.space.received.deadline;
    if (ackAt > -Infinity && ackAt < earliest) earliest = ackAt;
    if (this.readiness < Readiness.Opening) return earliest;
    earliest = Math.min(earliest, this.route.deadline, this.keepAliveDeadline);
    earliest = Math.min(earliest, this.space.tail.decidesAt, this.life.lookAt);
    // RFC 9002, Section 6.2.2.1: no probes while the peer's credit is used up.
    if (!this.current.hasCredit) return earliest;
    return Math.min(earliest, this.#lossDeadline);
  }

  /** When packets are lost by time, or an answer is overdue. */
  get #lossDeadline(): number {
    return this.loss.deadline(this.current.rtt, this.#siblings.hasOther(this));
  }

  /** Declares packets lost whose time has come; returns whether an answer is overdue. */
  expireLoss(now: number): boolean {
    if (this.#lossDeadline > now) return false;
    return this.loss.expire(this.current.rtt, now, this.#siblings.hasOther(this));
  }

  /** Whether the health is another than the application was told; asked once per change. */
  takeHealthNews(): boolean {
    return this.#health.takeNews();
  }

  /** Does what is due on any path, abandoned or not. */
  expireAlways(now: number): void {
    this.space.received.expire(now);
    if (this.#requeueAt > now) return;
    this.#requeueAt = Infinity;
    this.space.requeueOutstanding(Infinity);
  }

  /** Stops sending on the path; frames in flight go back to their owners after `wait`. */
  quieten(wait: number, now: number): void {
    this.#requeueAt = now + wait;
    this.route.stopValidation();
    // MPQUIC, Section 3.4.3: acknowledge promptly what is not acknowledged yet.
    this.space.received.hurry();
  }

  /** Ends the path: frames without an acknowledgement go back to their owners. */
  close(): void {
    this.advance(Stage.Closed);
    this.space.discard(true);
    this.route.close();
  }
}
