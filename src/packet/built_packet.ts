// A packet of the datagram that is being built.

import type { PacketSealer } from "../crypto/packet_keys.ts";
import { SentFrames } from "../frame/sent_frames.ts";
import { PacketType } from "./packet_type.ts";

/** One packet of the datagram being built. The object is reused. */
export class BuiltPacket {
  type: PacketType = PacketType.Initial;
  /** The path ID whose packet number space counts; 0 for long headers. */
  pathId = 0;
  number = 0;
  /** Bytes of the whole packet; known once the datagram has ended. */
  size = 0;
  isEliciting = false;
  /** Whether it counts towards the bytes in flight (RFC 9002, Section 2). */
  isInFlight = false;
  /** What was recorded. */
  readonly frames: SentFrames = new SentFrames();

  /** Where the first byte of the header is. */
  start = 0;
  /** Where the Length field of a long header is, or -1. */
  lengthAt = -1;
  /** Where the packet number is. */
  numberAt = 0;
  /** Where frames begin. */
  payloadStart = 0;
  /** Where frames end. */
  payloadEnd = 0;
  keys: PacketSealer | undefined = undefined;
}
