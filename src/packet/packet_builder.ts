// Builds the packets of one datagram: headers, frames, padding, encryption.

import { varintSize } from "../bytes/varint.ts";
import { Writer } from "../bytes/writer.ts";
import { TAG_LENGTH } from "../crypto/aead.ts";
import type { PacketSealer } from "../crypto/packet_keys.ts";
import type { FrameOwner, FrameSink } from "../frame/sent_frame.ts";
import { BuiltPacket } from "./built_packet.ts";
import { PacketType } from "./packet_type.ts";
import { longTypeBits } from "./version.ts";

/** RFC 9000, Section 17.2: 1 in every packet, unless both ends vary it (RFC 9287). */
const FIXED_BIT = 0x40;
/** The largest value of the two-byte Length field. */
const MAX_LENGTH = 0x3fff;

/** Sees each packet when it is complete and not sealed yet; for logs. */
export type PacketTap = (packet: BuiltPacket, bytes: Uint8Array) => void;

/**
 * Builds one datagram of one or several packets, and is then begun again for the next.
 *
 * Packets are sealed when the datagram ends, not when the next one starts: until then the last
 * one can still be padded, even after a later one was cancelled.
 */
export class PacketBuilder implements FrameSink {
  readonly writer: Writer = new Writer();
  /** Objects to use again; one, but for datagrams of the handshake. */
  readonly #packets: BuiltPacket[] = [new BuiltPacket()];
  #count = 0;
  #limit = 0;
  readonly #tap: PacketTap | undefined;

  /** @param tap Sees packets before they are sealed, if there is a log. */
  constructor(tap?: PacketTap) {
    this.#tap = tap;
  }

  /** How many packets the datagram has. */
  get count(): number {
    return this.#count;
  }

  /** The packet at `index`; good until the next datagram begins. */
  packetAt(index: number): BuiltPacket {
    return this.#packets[index]!;
  }

  /** Bytes left for frames in the open packet. */
  get room(): number {
    return this.#count === 0 ? 0 : this.writer.room;
  }

  /** Bytes for frames that a packet like the open one has when it is alone in its datagram. */
  get largestPayload(): number {
    if (this.#count === 0) return 0;
    const { start, payloadStart } = this.#current;
    return this.#limit - (payloadStart - start) - TAG_LENGTH;
  }

  /** Bytes the datagram has so far, tags included. */
  get size(): number {
    return this.#count === 0 ? 0 : this.writer.offset + TAG_LENGTH;
  }

  /** Whether the open packet has no frames yet. */
  get isEmpty(): boolean {
    return this.#count === 0 || this.writer.offset === this.#current.payloadStart;
  }

  /** Whether the open packet must be acknowledged. */
  get isEliciting(): boolean {
    return this.#count > 0 && this.#current.isEliciting;
  }

  /** Whether the open packet counts towards the bytes in flight. */
  get isInFlight(): boolean {
    return this.#count > 0 && this.#current.isInFlight;
  }

  /** Starts a datagram of at most `limit` bytes at the beginning of `buffer`. */
  begin(buffer: Uint8Array, limit: number): void {
    this.#limit = Math.min(limit, buffer.length);
    this.writer.aim(buffer, 0, this.#limit);
    this.#count = 0;
  }

  /**
   * Opens a packet with a long header behind the packets there are.
   *
   * @param token The token of an Initial, empty in most; ignored for other types.
   * @returns Whether there was room for it; if not, nothing has changed.
   */
  startLong(
    type: PacketType,
    version: number,
    destinationId: Uint8Array,
    sourceId: Uint8Array,
    token: Uint8Array,
    number: number,
    numberSize: number,
    keys: PacketSealer,
  ): boolean {
    const isInitial = type === PacketType.Initial;
    const tokenSize = isInitial ? varintSize(token.length) + token.length : 0;
    const headerSize = 9 + destinationId.length + sourceId.length + tokenSize + numberSize;
    if (!this.#open(headerSize, numberSize)) return false;
    const packet = this.#current;
    const { writer } = this;
    packet.type = type;
    packet.pathId = 0;
    writer.uint8(0x80 | FIXED_BIT | longTypeBits(version, type) | (numberSize - 1));
    writer.uint32(version);
    writer.uint8(destinationId.length);
    writer.put(destinationId);
    writer.uint8(sourceId.length);
    writer.put(sourceId);
    if (isInitial) {
      writer.varint(token.length);
      writer.put(token);
    }
    packet.lengthAt = writer.reserve(2);
    this.#startPayload(packet, number, numberSize, keys);
    this.#limitWriter();
    return true;
  }

  /**
   * Opens a 1-RTT packet behind the packets there are; no other can follow it.
   *
   * @param spin The latency spin bit, 0 or 1.
   * @param keyPhase The key phase bit, 0 or 1.
   * @param fixedBit 0x40, or 0 to vary the fixed bit towards a peer that agreed to it (RFC 9287).
   * @returns Whether there was room for it; if not, nothing has changed.
   */
  startShort(
    destinationId: Uint8Array,
    number: number,
    numberSize: number,
    spin: number,
    keyPhase: number,
    pathId: number,
    keys: PacketSealer,
    fixedBit: number = FIXED_BIT,
  ): boolean {
    if (!this.#open(1 + destinationId.length + numberSize, numberSize)) return false;
    if (this.#count === 1 && this.#packets.length > 1) this.#packets.length = 1;
    const packet = this.#current;
    packet.type = PacketType.OneRtt;
    packet.pathId = pathId;
    packet.lengthAt = -1;
    this.writer.uint8(fixedBit | (spin << 5) | (keyPhase << 2) | (numberSize - 1));
    this.writer.put(destinationId);
    this.#startPayload(packet, number, numberSize, keys);
    return true;
  }

  /** Notes the ack-eliciting frame just written; its owner hears of its fate. */
  record(owner: FrameOwner, kind: number, start: number, end: number): void {
    const packet = this.#current;
    packet.isEliciting = true;
    packet.isInFlight = true;
    packet.frames.record(owner, kind, start, end);
  }

  /** Notes an ack-eliciting frame whose owner need not hear whether it arrives. */
  markEliciting(): void {
    this.#current.isEliciting = true;
    this.#current.isInFlight = true;
  }

  /** Writes `length` bytes of PADDING into the open packet. */
  pad(length: number): void {
    if (length <= 0) return;
    this.writer.fill(0, length);
    // RFC 9002, Section 2: PADDING counts as in flight without asking for an acknowledgement.
    this.#current.isInFlight = true;
  }

  /** Drops the open packet with all that is in it, as if it had never been started. */
  cancel(): void {
    if (this.#count === 0) return;
    const { start } = this.#current;
    this.#count--;
    if (this.#count === 0) {
      this.writer.aim(this.writer.bytes, 0, this.#limit);
      return;
    }
    // The packet before is open again; its tag's place is behind its payload.
    this.writer.seek(start - TAG_LENGTH);
    this.#limitWriter();
  }

  /**
   * Pads the last packet until the datagram has `padTo` bytes, seals all packets, and returns
   * the datagram's size. An empty packet at the end is dropped first.
   */
  endDatagram(padTo = 0): number {
    if (this.isEmpty) this.cancel();
    if (this.#count === 0) return 0;
    this.pad(Math.min(padTo - this.size, this.writer.room));
    this.#close();
    if (this.#tap !== undefined) this.#show(this.#tap);
    for (let i = 0; i < this.#count; i++) seal(this.writer, this.#packets[i]!);
    const last = this.#current;
    return last.start + last.size;
  }

  #show(tap: PacketTap): void {
    for (let i = 0; i < this.#count; i++) tap(this.#packets[i]!, this.writer.bytes);
  }

  get #current(): BuiltPacket {
    return this.#packets[this.#count - 1]!;
  }

  /** Closes the packet before, if any, and makes room for another header. */
  #open(headerSize: number, numberSize: number): boolean {
    const isFirst = this.#count === 0;
    if (!isFirst) {
      // A short header has no length: nothing can follow it.
      if (this.#current.type === PacketType.OneRtt) return false;
      if (this.isEmpty) throw new RangeError("Cannot start a packet behind an empty one");
    }
    const start = isFirst ? 0 : this.#closedEnd() + TAG_LENGTH;
    // At least one frame, and enough for the sample (RFC 9001, Section 5.4.2).
    if (start + headerSize + Math.max(1, 4 - numberSize) + TAG_LENGTH > this.#limit) return false;
    if (!isFirst) this.#close();
    this.writer.seek(start);
    this.writer.limit(this.#limit - TAG_LENGTH);
    if (this.#count === this.#packets.length) this.#packets.push(new BuiltPacket());
    this.#count++;
    this.#current.start = start;
    return true;
  }

  #startPayload(
    packet: BuiltPacket,
    number: number,
    numberSize: number,
    keys: PacketSealer,
  ): void {
    const { writer } = this;
    packet.numberAt = writer.offset;
    for (let shift = numberSize - 1; shift >= 0; shift--) {
      writer.uint8((number >>> (8 * shift)) & 0xff); // `>>>` keeps the low 32 bits of any number
    }
    packet.payloadStart = writer.offset;
    packet.number = number;
    packet.size = 0;
    packet.isEliciting = false;
    packet.isInFlight = false;
    packet.frames.clear(); // of a packet that was cancelled
    packet.keys = keys;
  }

  /** Where the open packet's payload will end once it is long enough for the sample. */
  #closedEnd(): number {
    return Math.max(this.writer.offset, this.#current.numberAt + 4);
  }

  #close(): void {
    const packet = this.#current;
    this.pad(this.#closedEnd() - this.writer.offset);
    packet.payloadEnd = this.writer.offset;
  }

  /** Sets the writer's end for the open packet. */
  #limitWriter(): void {
    const { numberAt, lengthAt } = this.#current;
    const end = this.#limit - TAG_LENGTH;
    this.writer.limit(lengthAt < 0 ? end : Math.min(end, numberAt + MAX_LENGTH - TAG_LENGTH));
  }
}

function seal(writer: Writer, packet: BuiltPacket): void {
  const { bytes } = writer;
  const { start, lengthAt, numberAt, payloadStart, payloadEnd } = packet;
  const keys = packet.keys!;
  if (lengthAt >= 0) writer.patchVarint(lengthAt, payloadEnd + TAG_LENGTH - numberAt, 2);
  const end = keys.seal(bytes, start, payloadStart, payloadEnd, packet.pathId, packet.number);
  // RFC 9001, Section 5.4: the sample is taken as if the number had four bytes.
  const mask = keys.headerMask(bytes, numberAt + 4);
  bytes[start] = bytes[start]! ^ (mask[0]! & (lengthAt >= 0 ? 0x0f : 0x1f));
  for (let at = numberAt; at < payloadStart; at++) {
    bytes[at] = bytes[at]! ^ mask[at - numberAt + 1]!;
  }
  packet.size = end - start;
  packet.keys = undefined; // they may be of a handshake that ends now
}
