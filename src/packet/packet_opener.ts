import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import type { Header } from "./header.ts";
import { recoverPacketNumber } from "./packet_number.ts";

/** Opens packets; `PacketKeys` and `KeyPhases` both do. */
export interface PacketUnsealer {
  /** Five bytes of mask for the sample at `sampleOffset`, good until the next call. */
  headerMask(buffer: Uint8Array, sampleOffset: number): Uint8Array;
  /** The length of the plaintext written to `out`, or -1 if the packet is forged. */
  open(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    end: number,
    pathId: number,
    packetNumber: number,
    out: Uint8Array,
  ): number;
}

/** Takes protection off packets. One instance is used for all packets of a connection. */
export class PacketOpener {
  /** The full number of the packet opened last. */
  number = -1;
  /** The key phase bit of the packet opened last, if it had a short header. */
  keyPhase = 0;
  /** The spin bit of the packet opened last, if it had a short header. */
  spin = 0;

  /**
   * Removes header protection in place and opens the payload into `out`.
   *
   * @param largest The largest number received in the packet's space, or -1.
   * @returns The length of the frames in `out`, or -1 if the packet must be dropped.
   * @throws {TransportError} If an authentic packet has its reserved bits set.
   */
  open(
    header: Header,
    keys: PacketUnsealer,
    pathId: number,
    largest: number,
    out: Uint8Array,
  ): number {
    const { datagram, start, end, payloadStart: numberAt } = header;
    // RFC 9001, Section 5.4.2: too short for a sample means too short to be a packet.
    if (end - numberAt < 4 + 16) return -1;
    const mask = keys.headerMask(datagram, numberAt + 4);
    const first = datagram[start]! ^ (mask[0]! & (header.isLong ? 0x0f : 0x1f));
    datagram[start] = first;
    const size = (first & 3) + 1;
    let truncated = 0;
    for (let i = 0; i < size; i++) {
      const byte = datagram[numberAt + i]! ^ mask[1 + i]!;
      datagram[numberAt + i] = byte;
      truncated = truncated * 256 + byte;
    }
    this.number = recoverPacketNumber(largest, truncated, size);
    this.keyPhase = (first >>> 2) & 1;
    this.spin = (first >>> 5) & 1;
    const length = keys.open(datagram, start, numberAt + size, end, pathId, this.number, out);
    if (length < 0) return -1;
    // RFC 9000, Sections 17.2 and 17.3.1: only now, or timing would tell the bits to a stranger.
    if ((first & (header.isLong ? 0x0c : 0x18)) !== 0) {
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        "Cannot accept a packet: its reserved bits are set",
      );
    }
    return length;
  }
}
