// One packet number space (RFC 9000, Section 12.3): what was sent, what was received, what is lost. A
// connection has one for Initial and one for Handshake packets, each path has one for 1-RTT packets.

import { type LossListener, LostPackets } from "./lost_packets.ts";
import type { Random } from "../crypto/random.ts";
import type { AckFrame } from "../frame/ack_frame.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import { MarkReports, REFUTED } from "./mark_reports.ts";
import { PacketNumbers } from "./packet_numbers.ts";
import { PathCounters } from "./path_counters.ts";
import { persistentlyCongested } from "./persistent_congestion.ts";
import { type AckPolicy, ReceivedPackets } from "./received_packets.ts";
import { Reordering } from "./reordering.ts";
import { type Carrier, Fate, noteCarrier, type SentPacket } from "./sent_packet.ts";
import { SentPackets } from "./sent_packets.ts";
import { Tail } from "./tail.ts";

/** Milliseconds that a peer may be busy with other things before it acknowledges at once. */
const PROMPT_ACK_DELAY = 5;
/** Milliseconds. RFC 9002, Section 6.1.2. */
const GRANULARITY = 1;

// Lists of the call at hand, the same for all spaces.
/** Packets found lost together; and lost packets that are acknowledged, or forgotten. */
const lost: SentPacket[] = [];
const taken: SentPacket[] = [];
/** The network paths that an ACK concerned; and those on which such packets left ECN-capable. */
const touched: Carrier[] = [];
const markers: Carrier[] = [];

/**
 * One packet number space: numbers out, what became of them, numbers in.
 *
 * @internal
 */
export class PacketSpace {
  readonly received: ReceivedPackets;
  readonly sent: SentPackets = new SentPackets();
  /** The highest number the peer acknowledged, or -1. */
  largestAcked = -1;
  /** When the earliest packet is lost by time, `Infinity` for none. */
  lossDeadline = Infinity;
  /** Ack-eliciting packets outstanding. */
  elicitingInFlight = 0;
  /** When the last ack-eliciting packet left. */
  lastElicitingSentAt = 0;
  /** What follows what is in flight. */
  readonly tail: Tail = new Tail();

  /** Milliseconds for which a lost packet is still recognised if it is acknowledged after all. */
  #memory = 1_000;
  #probes = 0;
  /** The number of the newest packet that asks for an ACK at once, or -1. */
  #hurried = -1;
  /** Packets sent in a row that ask for no acknowledgement. */
  #silent = 0;
  /** Only if there is a log. */
  #onPacketLost: LossListener | undefined = undefined;
  #counters: PathCounters = new PathCounters();
  #maxAckDelay = 0;
  readonly #numbers: PacketNumbers;
  /** Whether it is of the handshake, for which the peer calculates before it answers. */
  readonly #isOfHandshake: boolean;
  #lastEliciting = -1;
  readonly #reordering = new Reordering();
  readonly #lostLately = new LostPackets();
  readonly #marks = new MarkReports();
  /** Packets of the ACK at hand that left ECN-capable. */
  #markedAcked = 0;

  constructor(policy: AckPolicy, random: Random, ofHandshake = false) {
    this.#isOfHandshake = ofHandshake;
    this.received = new ReceivedPackets(policy);
    this.#numbers = new PacketNumbers(random);
  }

  /** Probe packets that must go out whatever the window says. */
  get probes(): number {
    return this.#probes;
  }

  /** What the path carried; a path has several spaces during the handshake. */
  get counters(): PathCounters {
    return this.#counters;
  }

  /** How long the peer may hold back an ACK in this space, in milliseconds. */
  get maxAckDelay(): number {
    return this.#maxAckDelay;
  }

  /** Requests probe packets, which no window holds back. */
  requestProbes(count = 1): void {
    this.#probes = Math.max(this.#probes, count);
  }

  /** Lost packets are recognised for so many milliseconds from now on. */
  rememberFor(milliseconds: number): void {
    this.#memory = milliseconds;
  }

  /** The next packet asks for an ACK at once. */
  hurryNext(): void {
    this.#hurried = this.nextNumber;
  }

  /** The peer may hold back an ACK for so many milliseconds. */
  allowDelay(milliseconds: number): void {
    this.#maxAckDelay = milliseconds;
  }

  /** Has a listener called for each packet that is declared lost. */
  observeLosses(listener: LossListener): void {
    this.#onPacketLost = listener;
  }

  /** What it carries counts for a path that has other spaces as well. */
  countIn(counters: PathCounters): void {
    this.#counters = counters;
  }

  /**
   * A packet is about to leave.
   *
   * @param isEliciting Whether it asks for an acknowledgement.
   * @returns Whether it should, since so many before did not that the peer's news is missing.
   */
  breaksSilence(isEliciting: boolean, most: number): boolean {
    this.#silent = isEliciting ? 0 : this.#silent + 1;
    if (this.#silent <= most) return false;
    this.#silent = 0;
    return true;
  }

  /** The number the next packet gets; asking twice gives the same. */
  get nextNumber(): number {
    return this.#numbers.next;
  }

  /** Notes a packet that has been sealed and is about to leave. */
  onSent(packet: SentPacket, now: number): void {
    this.sent.add(packet);
    this.#counters.onPacketSent();
    this.#numbers.take(packet.number);
    if (packet.isMarked) this.#marks.onSent();
    if (packet.isEliciting) {
      this.elicitingInFlight++;
      this.lastElicitingSentAt = now;
      this.#lastEliciting = packet.number;
      if (this.#probes > 0) this.#probes--;
    }
    if (packet.isInFlight) packet.carrier!.onSent(packet, now);
  }

  /** How long the peer is likely to hold back the ACK of the last packet, in milliseconds. */
  get expectedAckDelay(): number {
    return this.#hurried >= 0 && this.#hurried === this.#lastEliciting
      ? Math.min(this.#maxAckDelay, PROMPT_ACK_DELAY)
      : this.#maxAckDelay;
  }

  /** There is no more to send for now: what is in flight may be the end of a transfer. */
  noteTail(wait: number, now: number): void {
    if (this.elicitingInFlight > 0) this.tail.note(wait, now);
  }

  /** Decides whether it was the end. */
  expireTail(now: number): void {
    this.tail.expire(this.elicitingInFlight > 0 ? this.lastElicitingSentAt : Infinity, now);
  }

  /**
   * Works through an acknowledgement: round-trip time, packets to their owners, losses.
   *
   * @param ackDelay Milliseconds the peer waited, as far as it may be believed.
   * @param via The ID of the other path by which the ACK came, if it did; else -1.
   * @returns How many ack-eliciting packets are newly acknowledged.
   * @throws {TransportError} If it names a packet that was never sent.
   */
  onAck(ack: AckFrame, ackDelay: number, via: number, now: number): number {
    if (ack.largest >= this.sent.next) throw neverSent(ack.largest);
    touched.length = markers.length = 0; // what threw before may have left something
    this.#markedAcked = 0;
    this.#sampleRtt(ack.largest, ackDelay, via, now);
    let eliciting = 0;
    for (let i = 0; i < ack.count; i++) {
      eliciting += this.#onRange(ack.startAt(i), ack.endAt(i), now);
    }
    if (this.#lostLately.size > 0) eliciting += this.#recogniseLost(ack, now);
    if (ack.largest > this.largestAcked) {
      this.largestAcked = ack.largest;
      if (this.#marks.isUsed) this.#followMarks(ack, now);
    }
    this.detectLoss(now);
    for (let i = 0; i < touched.length; i++) touched[i]!.onAckProcessed(now);
    touched.length = 0;
    return eliciting;
  }

  /** RFC 9002, Section 5.1: only the largest packet named, and only when it is news. */
  #sampleRtt(largest: number, ackDelay: number, via: number, now: number): void {
    const packet = this.sent.get(largest);
    if (packet === undefined || packet.fate !== Fate.Outstanding || !packet.isEliciting) return;
    const { rtt } = packet.carrier!;
    if (!rtt.trusts(packet.timeSent)) return;
    const sample = now - packet.timeSent;
    // RFC 9002, Section 5.3: of the handshake no delay is told. It is taken to be what lies above the
    // minimum, or the first packets after it would be waited for as if the path were unsteady.
    const delay = this.#isOfHandshake ? Math.max(0, sample - rtt.min) : ackDelay;
    if (!this.#isOfHandshake) rtt.settle(sample);
    rtt.update(sample, delay, via, now, packet.inFlightAtSend);
  }

  /** RFC 9000, Section 13.4.2.1: the counts must fit what is acknowledged, for each network path. */
  #followMarks(ack: AckFrame, now: number): void {
    const congested = this.#marks.judge(ack, this.#markedAcked);
    const newest = this.sent.get(ack.largest);
    if (congested === REFUTED) { for (const carrier of markers) carrier.onMarksRefuted(); }
    else newest?.carrier?.onMarksReported(this.#markedAcked, congested, newest, now);
    markers.length = 0;
  }

  #onRange(start: number, end: number, now: number): number {
    const { sent } = this;
    const from = Math.max(start, sent.first);
    let eliciting = 0;
    for (let number = end - 1; number >= from; number--) {
      const packet = sent.get(number);
      if (packet === undefined) throw neverSent(number);
      if (packet.fate === Fate.Acked) continue;
      if (packet.isEliciting) eliciting++;
      this.#onPacketAcked(packet, now);
    }
    return eliciting;
  }

  #onPacketAcked(packet: SentPacket, now: number): void {
    const carrier = packet.carrier!;
    const wasLost = packet.fate === Fate.Lost;
    packet.fate = Fate.Acked;
    if (wasLost) this.#noteReordering(packet, now);
    else if (packet.isEliciting) this.elicitingInFlight--;
    if (packet.isInFlight) {
      if (wasLost) carrier.onSpuriousLoss(packet, now);
      else carrier.onAcked(packet, now);
      noteCarrier(carrier, touched);
    }
    if (packet.isMarked) {
      this.#markedAcked++;
      noteCarrier(carrier, markers);
    }
    if (packet.acknowledges >= 0) this.received.onAckAcked(packet.acknowledges);
    packet.settle();
  }

  /** Packets that were taken to be lost, and of which the ring knows nothing any more. */
  #recogniseLost(ack: AckFrame, now: number): number {
    let eliciting = 0;
    taken.length = 0;
    this.#lostLately.takeAcked(ack, taken);
    for (let i = 0; i < taken.length; i++) {
      const packet = taken[i]!;
      if (packet.fate === Fate.Lost) {
        if (packet.isEliciting) eliciting++;
        this.#onPacketAcked(packet, now);
      }
      this.#recycle(packet);
    }
    taken.length = 0;
    return eliciting;
  }

  /** A lost packet that is still in the ring is taken back from there. */
  #recycle(packet: SentPacket): void {
    if (packet.number < this.sent.first) this.sent.recycle(packet);
  }

  /** It was not lost, but late. */
  #noteReordering({ carrier, number, timeSent }: SentPacket, now: number): void {
    this.#counters.onSpuriousLoss();
    const trips = (now - timeSent) / Math.max(carrier!.rtt.longer, GRANULARITY);
    this.#reordering.onSpuriousLoss(this.largestAcked - number, trips);
  }

  /** Declares packets lost by number or by time, and says when to look again. */
  detectLoss(now: number): void {
    const { sent } = this;
    const { packets, trips } = this.#reordering;
    this.lossDeadline = Infinity;
    lost.length = 0;
    for (let number = sent.first; number < this.largestAcked; number++) {
      const packet = sent.get(number);
      if (packet === undefined || packet.fate !== Fate.Outstanding) continue;
      // RFC 9002, Section 6.1.2.
      const lostAt = packet.timeSent + Math.max(trips * packet.carrier!.rtt.longer, GRANULARITY);
      if (lostAt <= now || number <= this.largestAcked - packets) {
        lost.push(packet);
      } else if (lostAt < this.lossDeadline) {
        this.lossDeadline = lostAt;
      }
    }
    if (lost.length > 0) this.#declareLost(now);
    sent.trim();
    this.#forgetLost(now);
  }

  /** What was lost long ago will not be acknowledged any more. */
  #forgetLost(now: number): void {
    taken.length = 0;
    this.#lostLately.takeOld(now, this.#memory, taken);
    for (let i = 0; i < taken.length; i++) {
      if (taken[i]!.fate === Fate.Lost) this.#reordering.onLoss();
      this.#recycle(taken[i]!);
    }
    taken.length = 0;
  }

  #declareLost(now: number): void {
    const persistent = persistentlyCongested(lost, this.sent, this.#maxAckDelay);
    for (let i = 0; i < lost.length; i++) {
      const packet = lost[i]!;
      // RFC 9002, Section 7.4: no loss is passed over, not even of the handshake's packets.
      packet.fate = Fate.Lost;
      packet.lostAt = now;
      this.#onPacketLost?.(packet, packet.number <= this.largestAcked - this.#reordering.packets);
      if (packet.isEliciting) this.elicitingInFlight--;
      if (packet.isInFlight) packet.carrier!.onLost(packet, persistent === packet.carrier, now);
      packet.requeue();
      this.#lostLately.add(packet);
    }
    this.#counters.onPacketsLost(lost.length);
    lost.length = 0;
  }

  /**
   * Hands the frames of outstanding packets back to their owners, oldest first, though the packets
   * still count as in flight: they may well arrive.
   *
   * @param limit How many packets; `Infinity` for all.
   * @returns How many packets had frames to give.
   */
  requeueOutstanding(limit: number): number {
    return this.sent.requeue(limit);
  }

  /**
   * When the packet left that will trigger the next acknowledgement, or `Infinity`. The peer
   * acknowledges several packets at a time, but waits only for a limited time until there are as
   * many.
   *
   * @param threshold How many (RFC 9000, Section 13.2.2: usually two).
   */
  answeredFrom(threshold: number): number {
    let latest = Infinity;
    let count = 0;
    for (let number = this.sent.first; number < this.sent.next; number++) {
      const packet = this.sent.get(number);
      if (packet?.fate !== Fate.Outstanding || !packet.isEliciting) continue;
      if (latest === Infinity) latest = packet.timeSent + this.#maxAckDelay;
      if (++count >= threshold || packet.timeSent >= latest || number === this.#hurried) {
        return Math.min(latest, packet.timeSent);
      }
    }
    return latest;
  }

  /**
   * Ends the space: no packet of it will be heard of again.
   *
   * @param requeue Whether frames go back to their owners (a path that is gone), or are forgotten
   * (keys that are gone).
   */
  discard(requeue: boolean): void {
    const { sent } = this;
    for (let number = sent.first; number < sent.next; number++) {
      const packet = sent.get(number);
      if (packet === undefined || packet.fate !== Fate.Outstanding) continue;
      packet.fate = Fate.Lost;
      if (packet.isInFlight) packet.carrier!.onDiscarded(packet);
      if (requeue) packet.requeue();
    }
    sent.clear();
    this.#lostLately.clear();
    this.elicitingInFlight = 0;
    this.lossDeadline = Infinity;
    this.#probes = 0;
    this.tail.clear();
    this.received.onAckSent();
  }
}

function neverSent(number: number): TransportError {
  return new TransportError(
    ErrorCode.ProtocolViolation,
    `Cannot accept an acknowledgement of packet ${number}: it was never sent`,
  );
}
