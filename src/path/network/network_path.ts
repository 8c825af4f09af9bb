// A network path: one 4-tuple, what is known of it and what may be sent on it.

import type { Ecn } from "../../bytes/ecn.ts";
import type { NetworkPathOptions } from "./network_path_options.ts";
import type { CongestionController } from "../../congestion/controller.ts";
import type { Pacer } from "../../congestion/pacer.ts";
import type { PathCounters } from "../../recovery/path_counters.ts";
import { RttEstimator } from "../../recovery/rtt.ts";
import type { Carrier, SentPacket } from "../../recovery/sent_packet.ts";
import { QUEUE_SEEN } from "../../scheduler/forecast.ts";
import { AckAllowance } from "./ack_allowance.ts";
import { type Address, sameAddress } from "../address/address.ts";
import { Capacity } from "./capacity.ts";
import { BASE_DATAGRAM_SIZE, ETHERNET_DATAGRAM_SIZE, type MtuDiscovery } from "./mtu_discovery.ts";
import { EcnValidation } from "./ecn_validation.ts";
import { AddressReports } from "../address/observation.ts";
import type { Port } from "../address/port.ts";
import { Spin } from "./spin.ts";
import type { UnprovenBytes } from "../address/unproven_bytes.ts";
import { Validation } from "./validation.ts";

/**
 * Milliseconds for which a port may lend no buffer before other paths do without it; a datagram
 * passes a socket in a fraction of one.
 */
export const STUCK_AFTER = 50;

/**
 * The part of the window that acknowledgements for other paths may take, in addition to the window.
 */
const ACK_SHARE = 0.5;

/**
 * What is in flight makes no queue if it is so small a part of the window, or so few datagrams. A
 * window may be as large as the deepest queue, eight times what the path holds.
 */
const CALM_SHARE = 1 / 8;
const CALM_DATAGRAMS = 3;

/** Bytes; with less room no packet is worth sending. */
export const SMALLEST_DATAGRAM = 64;

/**
 * One 4-tuple: what is known of it, and what may be sent on it. A path may change its 4-tuple.
 *
 * @internal
 */
export class NetworkPath implements Carrier {
  readonly port: Port;
  readonly remote: Address;
  readonly rtt: RttEstimator;
  readonly validation: Validation;
  readonly spin: Spin;
  readonly ecn: EcnValidation;
  /** Which address each end sees of the other. */
  readonly reports: AddressReports = new AddressReports();
  /** Acknowledgements for other paths that leave here. */
  readonly acks: AckAllowance = new AckAllowance();
  /** Bytes sent and neither acknowledged nor lost. */
  bytesInFlight = 0;
  bytesSent = 0;
  bytesReceived = 0;
  datagramsSent = 0;
  datagramsReceived = 0;
  lastSentAt = -Infinity;
  /** When a packet was last found lost within a round trip of another. */
  burstLossAt = -Infinity;
  #lossAt = -Infinity;
  /** When the port was found busy; `Infinity` while it is free. See {@linkcode STUCK_AFTER}. */
  busySince = Infinity;
  /** Whether the peer has proven that it is at this address. */
  validated = false;
  /** The parts of the capacity; fields, since each packet asks for them many times. */
  congestion: CongestionController;
  pacer: Pacer;
  mtu: MtuDiscovery;
  #capacity: Capacity;
  /**
   * Packets that left up to this time do not count for the capacity; none count if another 4-tuple
   * has it now.
   */
  #countsAfter = -Infinity;
  readonly #isLimited: boolean;
  readonly #unproven: UnprovenBytes | undefined;
  /** What the path as a whole carried. */
  readonly #counters: PathCounters;

  /** @param unproven Limits what is sent before validation; a handshake has rules of its own. */
  constructor(
    port: Port,
    remote: Address,
    options: NetworkPathOptions,
    counters: PathCounters,
    unproven?: UnprovenBytes,
  ) {
    this.#unproven = options.limited ? unproven : undefined;
    this.#counters = counters;
    this.port = port;
    this.remote = remote;
    this.#isLimited = options.limited;
    this.spin = new Spin(options.spinBit, options.random);
    this.rtt = new RttEstimator(options.initialRtt);
    const capacity = this.#capacity = new Capacity(options);
    this.congestion = capacity.congestion;
    this.pacer = capacity.pacer;
    this.mtu = capacity.mtu;
    this.mtu.limit(port.largestTo?.(remote) ?? ETHERNET_DATAGRAM_SIZE);
    this.validation = new Validation(options.random);
    const heedsMarks = this.congestion.onMarked !== undefined;
    this.ecn = new EcnValidation(heedsMarks && port.capabilities?.ecn === true);
  }

  /**
   * Takes over from a 4-tuple that differs only in the port of the peer: its capacity stays valid.
   * RFC 9000, Section 9.4: packets that left on the old port, and may be lost with it, do not count
   * for the capacity any more.
   */
  succeed(before: NetworkPath, now: number): void {
    if (!this.rtt.isMeasured) this.rtt.inherit(before.rtt);
    // Packets sent here meanwhile were measured against another capacity, unless this one was lent.
    if (this.bytesSent > 0 && this.#countsAfter < Infinity) return;
    const { mtu } = before;
    const own = this.#capacity;
    this.#adopt(before.#capacity);
    before.#adopt(own);
    this.#countsAfter = now;
    before.#countsAfter = Infinity;
    mtu.dropProbe();
  }

  #adopt(capacity: Capacity): void {
    this.#capacity = capacity;
    this.congestion = capacity.congestion;
    this.pacer = capacity.pacer;
    this.mtu = capacity.mtu;
  }

  /** Whether this is the 4-tuple of these two ends. */
  is(port: Port, remote: Address): boolean {
    return this.port === port && sameAddress(this.remote, remote);
  }

  /** The peer has proven to receive here; what was sent before counts no longer. */
  prove(): void {
    if (!this.validated) this.#unproven?.giveBack(this.remote, this.bytesSent);
    this.validated = true;
  }

  /** Bytes that may be sent before the address is proven. */
  get credit(): number {
    // RFC 9000, Section 8 and Section 8.1: three times what came in, until validated.
    if (this.validated || !this.#isLimited) return Infinity;
    const credit = 3 * this.bytesReceived - this.bytesSent;
    return this.#unproven === undefined
      ? credit
      : Math.min(credit, this.#unproven.room(this.remote));
  }

  /** Whether the credit suffices for a packet worth sending. */
  get hasCredit(): boolean {
    return this.credit >= SMALLEST_DATAGRAM;
  }

  /** Whether it has challenges or answers to send, and may. */
  get mayValidate(): boolean {
    return this.validation.due && this.hasCredit && this.port.buffer !== undefined;
  }

  /** Bytes that window, pacer and port allow; 0 unless a whole datagram may leave. */
  room(now: number): number {
    if (this.port.buffer === undefined) {
      this.busySince = Math.min(this.busySince, now);
      return 0;
    }
    this.busySince = Infinity;
    const window = this.congestion.window - this.bytesInFlight;
    // Data must leave credit for another challenge: without its answer there is no further credit.
    if (window < this.mtu.current || this.credit - BASE_DATAGRAM_SIZE < this.mtu.current) return 0;
    return Math.min(window, this.pacer.room(now));
  }

  /** Whether window, rather than pacing or the port, holds back the next datagram. */
  get windowBlocked(): boolean {
    return this.congestion.window - this.bytesInFlight < this.mtu.current;
  }

  /** The largest rate delivered lately, in bytes per millisecond; 0 while unknown. */
  get deliveryRate(): number {
    return this.#capacity.peak.value;
  }

  /** Whether window and rate still double with every round trip. */
  get doubles(): boolean {
    const { latest, min } = this.rtt;
    return this.congestion.inSlowStart && this.#capacity.peak.isGrowing &&
      latest < QUEUE_SEEN * min;
  }

  /** Of the bytes in flight, those that left no later than a packet. */
  inFlightUpTo(packet: SentPacket | undefined): number {
    if (packet === undefined) return 0;
    const { bytesInFlight } = this;
    return Math.min(Math.max(this.#capacity.rate.inFlightUpTo(packet), 0), bytesInFlight);
  }

  /** A datagram arrived. Every byte counts towards the credit, once per datagram. */
  onDatagramReceived(size: number): void {
    this.bytesReceived += size;
    this.datagramsReceived++;
    this.#counters.onDatagramReceived(size);
  }

  /** When an acknowledgement of another path's packets may leave here without any data. */
  nextAckAt(now: number): number {
    return this.acks.nextAt(ACK_SHARE * this.congestion.window, this.rtt.smoothed, now);
  }

  /** The ECN mark of the datagram that leaves next. */
  nextMark(now: number): Ecn {
    return this.ecn.mark(this.rtt, now);
  }

  /** A datagram left. */
  onDatagramSent(size: number, now: number): void {
    if (!this.validated) this.#unproven?.take(this.remote, size);
    this.bytesSent += size;
    this.datagramsSent++;
    this.#counters.onDatagramSent(size);
    this.lastSentAt = now;
  }

  /**
   * The sender has nothing for this path although it may send: samples of the rate say little (RFC
   * 9002, Section 7.8).
   */
  markAppLimited(): void {
    this.#capacity.rate.markAppLimited(this.bytesInFlight);
  }

  onSent(packet: SentPacket, now: number): void {
    const { rate, congestion, pacer } = this.#capacity;
    this.bytesInFlight += packet.size;
    rate.onSent(packet, this.bytesInFlight, now);
    congestion.onSent(packet, this.bytesInFlight, now);
    pacer.onSent(packet.size, now);
    if (packet.isMarked) this.ecn.onSent(now);
  }

  onAcked(packet: SentPacket, now: number): void {
    this.bytesInFlight -= packet.size;
    if (packet.timeSent <= this.#countsAfter) return;
    const { rate, congestion, mtu } = this.#capacity;
    rate.onAcked(packet, now);
    congestion.onAcked(packet, this.rtt, this.bytesInFlight, now);
    if (packet.isMtuProbe) {
      if (mtu.onProbeAcked(packet.size)) this.#onMtuChanged(now);
    } else {
      mtu.onPacketAcked(packet.size);
    }
  }

  onSpuriousLoss(packet: SentPacket, now: number): void {
    if (packet.timeSent <= this.#countsAfter) return;
    const { rate, congestion, mtu } = this.#capacity;
    if (packet.isMtuProbe) {
      if (mtu.onProbeAcked(packet.size)) this.#onMtuChanged(now);
      return;
    }
    mtu.onPacketAcked(packet.size);
    rate.onSpuriousLoss(packet);
    rate.onAcked(packet, now);
    congestion.onSpuriousLoss(packet, now);
  }

  onLost(packet: SentPacket, persistent: boolean, now: number): void {
    this.bytesInFlight -= packet.size;
    if (packet.isMarked) this.ecn.onLost();
    if (packet.timeSent <= this.#countsAfter) return;
    const { rate, congestion, mtu } = this.#capacity;
    if (packet.isMtuProbe) {
      mtu.onProbeLost(packet.size, packet.timeSent, now);
      return;
    }
    if (now - this.#lossAt <= this.rtt.smoothed) this.burstLossAt = now;
    this.#lossAt = now;
    rate.onLost(packet);
    congestion.onLost(packet, this.bytesInFlight, persistent, now);
    if (persistent) this.rtt.restartMin();
    if (mtu.onPacketLost(packet.size, packet.timeSent, now)) this.#onMtuChanged(now);
    this.#updatePacer(now);
  }

  onMarksReported(acked: number, congested: number, newest: SentPacket, now: number): void {
    const isCongested = this.ecn.onReported(acked, congested, this.rtt, now);
    if (!isCongested || newest.timeSent <= this.#countsAfter) return;
    this.congestion.onMarked!(newest, congested, now);
    this.#updatePacer(now);
  }

  onMarksRefuted(): void {
    this.ecn.fail();
  }

  onDiscarded(packet: SentPacket): void {
    this.bytesInFlight -= packet.size;
  }

  onAckProcessed(now: number): void {
    if (this.#countsAfter === Infinity) return;
    const { rate, congestion, peak } = this.#capacity;
    rate.finish(this.rtt.min, this.bytesInFlight + rate.newlyAcked + rate.newlyLost);
    congestion.onAckProcessed(rate, this.rtt, this.bytesInFlight, now);
    peak.add(rate, this.rtt.smoothed, now);
    rate.next();
    this.#updatePacer(now);
  }

  /** The peer says how much it takes at most. */
  limitDatagramSize(size: number): void {
    this.mtu.limit(size);
  }

  /** Several probe timeouts passed in a row: perhaps only small datagrams still arrive. */
  onSilence(now: number): void {
    if (this.mtu.fallBack(now)) this.#onMtuChanged(now);
  }

  /** The network path is no longer used. */
  close(): void {
    this.validation.stop();
    this.congestion.close();
  }

  #onMtuChanged(now: number): void {
    this.congestion.onMtuChanged(this.mtu.current);
    this.#updatePacer(now);
  }

  #updatePacer(now: number): void {
    const { window } = this.congestion;
    this.rtt.setCalm(Math.max(CALM_SHARE * window, CALM_DATAGRAMS * this.mtu.current));
    this.pacer.update(this.congestion, this.rtt, this.mtu.current, now);
  }
}
