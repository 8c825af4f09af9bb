import { ackFrequencySize, writeAckFrequency } from "../frame/ack_frequency.ts";
import { FrameType } from "../frame/frame_type.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import type { TransportParameters } from "./transport_parameters.ts";

/** Packets out of order that are told at once: as many as loss is told by (RFC 9002, Section 6.1.1). */
const REORDERING_THRESHOLD = 3;

/**
 * Asks the peer to acknowledge less often than every second packet (ACK frequency, Section 4):
 * acknowledgements cost both ends about as much as the packets they acknowledge.
 */
export class AckRequest implements FrameOwner {
  readonly #packets: number;
  /** Microseconds that the peer may hold back an acknowledgement. */
  #delay = 0;
  #pending = false;

  /** @param packets How many packets one acknowledgement is wanted for; 0 asks for nothing. */
  constructor(packets: number) {
    this.#packets = packets;
  }

  /** The handshake is confirmed: asks, if the peer understands it. */
  start({ minAckDelay, maxAckDelay }: TransportParameters): void {
    if (this.#packets < 1 || minAckDelay < 0) return;
    this.#delay = Math.max(minAckDelay, maxAckDelay * 1_000);
    this.#pending = true;
  }

  /** Whether the frame waits. */
  get pending(): boolean {
    return this.#pending;
  }

  /** Writes the frame, if it is due and fits. */
  writeFrames(sink: FrameSink): void {
    // The threshold counts the packets that may wait, not the one that brings the answer about.
    const threshold = this.#packets - 1;
    const size = ackFrequencySize(0, threshold, this.#delay, REORDERING_THRESHOLD);
    if (!this.#pending || sink.room < size) return;
    writeAckFrequency(sink.writer, 0, threshold, this.#delay, REORDERING_THRESHOLD);
    sink.record(this, FrameType.AckFrequency, 0, 0);
    this.#pending = false;
  }

  onFrameAcked(_frame: SentFrame): void {}

  onFrameLost(_frame: SentFrame): void {
    this.#pending = true;
  }
}
