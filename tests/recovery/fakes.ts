import { AckFrame } from "../../src/frame/ack_frame.ts";
import type { FrameOwner, SentFrame } from "../../src/frame/sent_frame.ts";
import { PacketSpace } from "../../src/recovery/packet_space.ts";
import { RttEstimator } from "../../src/recovery/rtt.ts";
import type { Carrier, SentPacket } from "../../src/recovery/sent_packet.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

/** A 4-tuple that only counts. */
export class TestCarrier implements Carrier {
  readonly rtt = new RttEstimator();
  bytesInFlight = 0;
  readonly acked: number[] = [];
  readonly lost: number[] = [];
  readonly spurious: number[] = [];
  readonly discarded: number[] = [];
  persistent = 0;
  /** What ACKs report of ECN marks: acknowledged, congested, the newest number. */
  readonly reports: [number, number, number][] = [];
  refuted = 0;
  acksProcessed = 0;

  onSent(packet: SentPacket): void {
    this.bytesInFlight += packet.size;
  }

  onAcked(packet: SentPacket): void {
    this.bytesInFlight -= packet.size;
    this.acked.push(packet.number);
  }

  onSpuriousLoss(packet: SentPacket): void {
    this.spurious.push(packet.number);
  }

  onLost(packet: SentPacket, persistent: boolean): void {
    this.bytesInFlight -= packet.size;
    this.lost.push(packet.number);
    if (persistent) this.persistent++;
  }

  onDiscarded(packet: SentPacket): void {
    this.bytesInFlight -= packet.size;
    this.discarded.push(packet.number);
  }

  onMarksReported(acked: number, congested: number, newest: SentPacket): void {
    this.reports.push([acked, congested, newest.number]);
  }

  onMarksRefuted(): void {
    this.refuted++;
  }

  onAckProcessed(): void {
    this.acksProcessed++;
  }
}

/** Notes the numbers of its frames that arrived and that were lost. */
export class TestOwner implements FrameOwner {
  readonly acked: number[] = [];
  readonly lost: number[] = [];

  onFrameAcked(frame: SentFrame): void {
    this.acked.push(frame.start);
  }

  onFrameLost(frame: SentFrame): void {
    this.lost.push(frame.start);
  }
}

/** A packet number space over one fake 4-tuple. */
export class TestSpace {
  readonly carrier = new TestCarrier();
  readonly owner = new TestOwner();
  readonly space: PacketSpace;

  constructor(seed = 1, ofHandshake = false) {
    const policy = {
      elicitingThreshold: 2,
      maxAckDelay: 25,
      timerLateness: 0,
      reorderingThreshold: 1,
    };
    this.space = new PacketSpace(policy, new SeededRandom(seed), ofHandshake);
  }

  /** Sends one packet with one frame that knows its number; returns that. */
  send(now: number, eliciting = true, carrier = this.carrier): number {
    const { space } = this;
    const number = space.nextNumber;
    const packet = space.sent.take().reset(number, 1_000, now, carrier);
    packet.isEliciting = packet.isInFlight = eliciting;
    if (eliciting) packet.frames.record(this.owner, 1, number, 0);
    space.onSent(packet, now);
    return number;
  }

  /** Sends several packets at one time. */
  sendMany(count: number, now: number): number[] {
    return Array.from({ length: count }, () => this.send(now));
  }

  /** An ACK of these numbers arrives. */
  ack(numbers: readonly number[], now: number, delay = 0): number {
    return this.space.onAck(ackOf(numbers), delay, -1, now);
  }
}

/** An ACK frame that names these numbers and no others. */
export function ackOf(numbers: readonly number[]): AckFrame {
  const frame = new AckFrame();
  const sorted = [...numbers].sort((a, b) => b - a);
  for (const number of sorted) {
    const last = frame.bounds.length - 2;
    if (frame.count > 0 && frame.bounds[last] === number + 1) frame.bounds[last] = number;
    else {
      frame.bounds.push(number, number + 1);
      frame.count++;
    }
  }
  frame.largest = sorted[0]!;
  return frame;
}
