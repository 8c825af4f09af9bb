// Measures the rate at which a network path delivers.

import type { PacketSample } from "./packet_sample.ts";

/**
 * What one ACK tells about the rate at which a network path delivers. A live object.
 *
 * @category Congestion control
 */
export interface RateSample {
  /** Bytes per ms, or 0 when the ACK gives no valid sample. */
  readonly rate: number;
  /** Whether the sample may be too low because the sender had too little data. */
  readonly appLimited: boolean;
  /** Bytes delivered on the network path so far. */
  readonly delivered: number;
  /** Bytes delivered when the newest packet of the ACK left; -1 without one. */
  readonly priorDelivered: number;
  /** Bytes lost on the network path so far, less those that turned out to be delivered. */
  readonly lost: number;
  /** Bytes this ACK newly acknowledged. */
  readonly newlyAcked: number;
  /** Bytes declared lost since the ACK before. */
  readonly newlyLost: number;
  /** Bytes lost between the sending of the newest packet and this ACK. */
  readonly lostInFlight: number;
  /** Bytes in flight when the newest packet of the ACK left. */
  readonly inFlightAtSend: number;
  /** Bytes in flight before this ACK. */
  readonly priorInFlight: number;
}

/**
 * Measures how fast a network path delivers (draft-cheng-iccrg-delivery-rate-estimation).
 *
 * Each packet remembers how much had been delivered when it left; when it is acknowledged, what was
 * delivered since, over the longer of the time sending and the time acknowledging took, is a rate
 * that the path has really reached.
 */
export class DeliveryRate implements RateSample {
  rate = 0;
  appLimited = false;
  delivered = 0;
  priorDelivered = -1;
  lost = 0;
  newlyAcked = 0;
  newlyLost = 0;
  lostInFlight = 0;
  inFlightAtSend = 0;
  priorInFlight = 0;
  /** When the newest delivery was acknowledged. */
  #deliveredTime = 0;
  /** When the packet left whose delivery began the current sampling flight. */
  #firstSentTime = 0;
  /**
   * Deliveries up to this count belong to a time with too little to send; -1: none. A first flight
   * does: it is small because nothing is known, or because a handshake is.
   */
  #limitedUntil = 0;
  /** The newest packet of the ACK under way, as copied from it. */
  #newestSent = -1;
  #newestFirstSent = 0;
  #newestDeliveredTime = 0;
  #newestLost = 0;
  #isNewestLimited = false;

  /** Fills in what the packet must remember. `bytesInFlight` includes the packet. */
  onSent(packet: PacketSample, bytesInFlight: number, now: number): void {
    if (bytesInFlight <= packet.size) {
      // After silence the pipe is empty: an old start would stretch the interval.
      this.#firstSentTime = now;
      this.#deliveredTime = now;
    }
    packet.delivered = this.delivered;
    packet.deliveredTime = this.#deliveredTime;
    packet.firstSentTime = this.#firstSentTime;
    packet.lostAtSend = this.lost;
    packet.inFlightAtSend = bytesInFlight;
    packet.appLimited = this.#limitedUntil >= 0;
  }

  /** Bytes that left no later than the packet and are neither acknowledged nor lost. */
  inFlightUpTo(packet: PacketSample): number {
    const left = packet.delivered + packet.lostAtSend + packet.inFlightAtSend;
    return left - this.delivered - this.lost;
  }

  /** One packet was newly acknowledged, or arrived although it was declared lost. */
  onAcked(packet: PacketSample, now: number): void {
    this.delivered += packet.size;
    this.newlyAcked += packet.size;
    this.#deliveredTime = now;
    // Of packets that left together the later one knows of more deliveries.
    const isNewest = packet.timeSent > this.#newestSent ||
      (packet.timeSent === this.#newestSent && packet.delivered >= this.priorDelivered);
    if (!isNewest) return;
    this.#newestSent = packet.timeSent;
    this.#newestFirstSent = packet.firstSentTime;
    this.#newestDeliveredTime = packet.deliveredTime;
    this.#newestLost = packet.lostAtSend;
    this.#isNewestLimited = packet.appLimited;
    this.priorDelivered = packet.delivered;
    this.inFlightAtSend = packet.inFlightAtSend;
    this.#firstSentTime = packet.timeSent;
  }

  /** One packet was declared lost. */
  onLost(packet: PacketSample): void {
    this.lost += packet.size;
    this.newlyLost += packet.size;
  }

  /** Takes a packet out of the losses; `onAcked` counts its delivery. */
  onSpuriousLoss(packet: PacketSample): void {
    this.lost = Math.max(0, this.lost - packet.size);
  }

  /**
   * There is room, but nothing to send (or the scheduler leaves the path idle): what leaves until
   * the present flight has been delivered says nothing about the rate the path could reach.
   */
  markAppLimited(bytesInFlight: number): void {
    this.#limitedUntil = this.delivered + bytesInFlight;
  }

  /**
   * Works out the sample once all packets of an ACK are known.
   *
   * @param minRtt The least round-trip time known, in ms: shorter intervals are not believed.
   * @param priorInFlight Bytes in flight before the ACK.
   */
  finish(minRtt: number, priorInFlight: number): void {
    if (this.#limitedUntil >= 0 && this.delivered > this.#limitedUntil) this.#limitedUntil = -1;
    this.priorInFlight = priorInFlight;
    this.rate = 0;
    this.lostInFlight = 0;
    if (this.#newestSent < 0) return;
    this.appLimited = this.#isNewestLimited;
    this.lostInFlight = Math.max(0, this.lost - this.#newestLost);
    const sending = this.#newestSent - this.#newestFirstSent;
    const receiving = this.#deliveredTime - this.#newestDeliveredTime;
    const interval = Math.max(sending, receiving);
    if (interval < minRtt || interval <= 0) return;
    this.rate = (this.delivered - this.priorDelivered) / interval;
  }

  /** Makes ready for the next ACK; call it when the controller has seen the sample. */
  next(): void {
    this.newlyAcked = 0;
    this.newlyLost = 0;
    this.priorDelivered = -1;
    this.#newestSent = -1;
  }
}
