// How often the peer is asked to acknowledge (ACK_FREQUENCY, IMMEDIATE_ACK).

import {
  ACK_FREQUENCY,
  ackFrequencySize,
  writeAckFrequency,
  writeImmediateAck,
} from "../frame/ack_frequency.ts";
import { writePing } from "../frame/ping.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import type { PacketSpace } from "../recovery/packet_space.ts";
import type { TransportParameters } from "./parameters/parameter_table.ts";

/** Packets out of order that are told at once: as many as loss is told by (RFC 9002, Section 6.1.1). */
const REORDERING_THRESHOLD = 3;

/** RFC 9000, Section 13.2.2: every other packet is acknowledged. */
const USUAL_THRESHOLD = 2;

/**
 * Asks the peer to acknowledge less often than every second packet (ACK frequency, Section 4):
 * acknowledgements cost both ends about as much as the packets they acknowledge. And asks it not to
 * wait with the last one.
 */
export class AckRequest implements FrameOwner {
  readonly #packets: number;
  /** Microseconds that the peer may hold back an acknowledgement. */
  #delay = 0;
  #isPending = false;
  /** Whether the peer understands. */
  #isAgreed = false;
  /** Whether it was asked to wait for more packets. */
  #wasAsked = false;

  /** @param packets How many packets one acknowledgement is wanted for; 0 asks for nothing. */
  constructor(packets: number) {
    this.#packets = packets;
  }

  /** The peer's parameters tell whether it understands. */
  agree({ minAckDelay }: TransportParameters): void {
    this.#isAgreed = minAckDelay >= 0;
  }

  /** The handshake is confirmed: asks, if the peer understands it. */
  start({ minAckDelay, maxAckDelay }: TransportParameters): void {
    if (this.#packets < 1 || !this.#isAgreed) return;
    this.#delay = Math.max(minAckDelay, maxAckDelay * 1_000);
    this.#isPending = this.#wasAsked = true;
  }

  /** How many packets the peer answers with one acknowledgement, as far as we know. */
  get threshold(): number {
    return this.#wasAsked ? this.#packets : USUAL_THRESHOLD;
  }

  /** Whether the frame waits. */
  get pending(): boolean {
    return this.#isPending;
  }

  /** Writes the frame, if it is due and fits. */
  writeFrames(sink: FrameSink): void {
    // The threshold counts the packets that may wait, not the one that brings the answer about.
    const threshold = this.#packets - 1;
    const size = ackFrequencySize(0, threshold, this.#delay, REORDERING_THRESHOLD);
    if (!this.#isPending || sink.room < size) return;
    writeAckFrequency(sink.writer, 0, threshold, this.#delay, REORDERING_THRESHOLD);
    sink.record(this, ACK_FREQUENCY, 0, 0);
    this.#isPending = false;
  }

  /**
   * Asks for an ACK behind the last data of a transfer, and for one at once if the peer understands
   * that (ACK frequency, Section 8.1.1).
   */
  writeTail(space: PacketSpace, sink: FrameSink): void {
    space.tail.onWritten();
    if (!this.hurry(space, sink)) writePing(sink.writer);
  }

  /** Asks that the next packet be acknowledged at once; false if the peer does not understand that. */
  hurry(space: PacketSpace, sink: FrameSink): boolean {
    if (!this.#isAgreed || sink.room < 1) return false;
    writeImmediateAck(sink.writer);
    space.hurryNext();
    return true;
  }

  onFrameAcked(_frame: SentFrame): void {}

  onFrameLost(_frame: SentFrame): void {
    this.#isPending = true;
  }
}
