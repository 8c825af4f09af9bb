// Remembers packets declared lost, to recognise late acknowledgements.

import type { AckFrame } from "../frame/ack_frame.ts";
import type { SentPacket } from "./sent_packet.ts";

/** Expired packets are looked for this many times during the memory of one packet. */
const LOOKS = 8;

/**
 * Packets declared lost not long ago, by ascending number: a late acknowledgement of one shows
 * reordering. The time to look an acknowledgement up grows with its ranges and not with the lost
 * packets, or a peer that repeats ranges could keep us busy.
 */
export class LostPackets {
  readonly #packets: SentPacket[] = [];
  #lookAt = -Infinity;

  /** How many are remembered. */
  get size(): number {
    return this.#packets.length;
  }

  /** Remembers a packet. */
  add(packet: SentPacket): void {
    const packets = this.#packets;
    packet.isKept = true;
    const last = packets[packets.length - 1];
    if (last === undefined || last.number < packet.number) packets.push(packet);
    else packets.splice(this.#firstFrom(packet.number), 0, packet);
  }

  /** Takes those out that an acknowledgement names, the newest range first. */
  takeAcked(ack: AckFrame, into: SentPacket[]): void {
    const packets = this.#packets;
    for (let i = 0; i < ack.count && packets.length > 0; i++) {
      const end = ack.endAt(i);
      if (end <= packets[0]!.number) return;
      const from = this.#firstFrom(ack.startAt(i));
      let to = from;
      while (to < packets.length && packets[to]!.number < end) to++;
      if (to === from) continue;
      for (const packet of packets.splice(from, to - from)) {
        packet.isKept = false;
        into.push(packet);
      }
    }
  }

  /**
   * Takes those out that will not be acknowledged any more.
   *
   * @param memory Milliseconds for which a packet is remembered, at least.
   */
  takeOld(now: number, memory: number, into: SentPacket[]): void {
    const packets = this.#packets;
    if (packets.length === 0 || now < this.#lookAt) return;
    this.#lookAt = now + memory / LOOKS;
    let kept = 0;
    for (let i = 0; i < packets.length; i++) {
      const packet = packets[i]!;
      if (packet.lostAt + memory >= now) {
        packets[kept++] = packet;
      } else {
        packet.isKept = false;
        into.push(packet);
      }
    }
    packets.length = kept;
  }

  /** Forgets everything. */
  clear(): void {
    this.#packets.length = 0;
  }

  /** The index of the first packet with a number of at least `number`. */
  #firstFrom(number: number): number {
    const packets = this.#packets;
    let low = 0;
    let high = packets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (packets[middle]!.number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Hears of packets as they are declared lost; for logs. */
export type LossListener = (packet: SentPacket, byNumber: boolean) => void;
