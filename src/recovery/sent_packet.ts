// A packet that was sent, with the frames that it carried.

import type { PacketSample } from "../congestion/packet_sample.ts";
import { SentFrames } from "../frame/sent_frames.ts";
import type { RttEstimator } from "./rtt.ts";

/** What recovery needs of the 4-tuple a packet left on; `NetworkPath` is one. */
export interface Carrier {
  readonly rtt: RttEstimator;
  /** A packet that counts left. */
  onSent(packet: SentPacket, now: number): void;
  /** A packet arrived. */
  onAcked(packet: SentPacket, now: number): void;
  /** A packet taken to be lost arrived after all. */
  onSpuriousLoss(packet: SentPacket, now: number): void;
  /** A packet is taken to be lost. */
  onLost(packet: SentPacket, persistent: boolean, now: number): void;
  /** A packet will never be heard of: its keys are gone. It leaves the bytes in flight. */
  onDiscarded(packet: SentPacket): void;
  /**
   * An ACK reports ECN marks that can be true.
   *
   * @param acked How many packets that left ECN-capable it newly acknowledges.
   * @param congested How many packets came with the mark of congestion since the report before.
   * @param newest The newest packet that it acknowledges.
   */
  onMarksReported(acked: number, congested: number, newest: SentPacket, now: number): void;
  /** The ECN marks of packets do not arrive, or their reports cannot be true. */
  onMarksRefuted(): void;
  /** One ACK was worked through. */
  onAckProcessed(now: number): void;
}

/** What became of a packet. */
export const Fate = { Outstanding: 0, Acked: 1, Lost: 2 } as const;
/** One of the values of {@linkcode Fate}. */
export type Fate = (typeof Fate)[keyof typeof Fate];

/** What one packet carried, and when, until its fate is known and forgotten. */
export class SentPacket implements PacketSample {
  number = -1;
  /** Bytes on the wire, UDP payload only. */
  size = 0;
  timeSent = 0;
  /** When it was declared lost. */
  lostAt = 0;
  isEliciting = false;
  isInFlight = false;
  fate: Fate = Fate.Outstanding;
  /** Its frames were handed back to their owners already, on suspicion. */
  isRequeued = false;
  /** How often its stream data were sent once more on another path. */
  copies = 0;
  /** The packet is still referenced, to recognise a late acknowledgement. */
  isKept = false;
  /** Sent to find out the packet size; its loss is no sign of congestion. */
  isMtuProbe = false;
  /** Whether it left ECN-capable. */
  isMarked = false;
  /** Largest number acknowledged by the ACK of the same path that it carried, or -1. */
  acknowledges = -1;
  readonly frames: SentFrames = new SentFrames();
  carrier: Carrier | undefined = undefined;
  // What the delivery rate sampler notes (see `DeliveryRate`).
  delivered = 0;
  deliveredTime = 0;
  firstSentTime = 0;
  lostAtSend = 0;
  inFlightAtSend = 0;
  appLimited = false;

  /** Whether it is neither acknowledged nor lost. */
  get isOutstanding(): boolean {
    return this.fate === Fate.Outstanding;
  }

  /** Makes the object fit for the next packet. */
  reset(number: number, size: number, now: number, carrier: Carrier): this {
    this.number = number;
    this.size = size;
    this.timeSent = now;
    this.lostAt = 0;
    this.fate = Fate.Outstanding;
    this.isRequeued = false;
    this.copies = 0;
    this.isKept = false;
    this.isMtuProbe = false;
    this.isMarked = false;
    this.acknowledges = -1;
    this.carrier = carrier;
    return this;
  }

  /** Lets go of what it carried, until it stands for another packet. */
  clear(): void {
    this.frames.clear();
    this.carrier = undefined;
  }

  /** Tells the owners that their frames arrived. */
  settle(): void {
    const { frames } = this;
    for (let i = 0; i < frames.count; i++) {
      const frame = frames.at(i);
      frame.owner.onFrameAcked(frame);
    }
  }

  /** Gives the frames back to their owners, once. */
  requeue(): void {
    if (this.isRequeued) return;
    this.isRequeued = true;
    const { frames } = this;
    for (let i = 0; i < frames.count; i++) {
      const frame = frames.at(i);
      frame.owner.onFrameLost(frame);
    }
  }
}

/** Adds a network path to a list that has each once; packets of one mostly follow each other. */
export function noteCarrier(carrier: Carrier, list: Carrier[]): void {
  if (list[list.length - 1] !== carrier && !list.includes(carrier)) list.push(carrier);
}
