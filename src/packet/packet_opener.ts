// Removes the protection of packets.

import { TAG_LENGTH } from "../crypto/aead.ts";
import type { PacketUnsealer } from "../crypto/packet_keys.ts";
import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import type { Header } from "./header.ts";
import { recoverPacketNumber } from "./packet_number.ts";

/** Takes protection off packets. One instance serves all packets of a connection. */
export class PacketOpener {
  /** The full number of the packet opened last. */
  number = -1;
  /** The key phase bit of the packet opened last, if its header was short. */
  keyPhase = 0;
  /** The spin bit of the packet opened last, if its header was short. */
  spin = 0;

  /**
   * Opens a packet: the header in place, the payload into `out`.
   *
   * @param keys `PacketKeys`, or the `reader` of `KeyPhases`.
   * @param pathId The path that the destination ID belongs to; 0 for long headers.
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
    // RFC 9001, Section 5.4.2: without a whole sample there is nothing to open.
    if (end - numberAt < 4 + TAG_LENGTH) return -1;
    const mask = keys.headerMask(datagram, numberAt + 4);
    const first = datagram[start]! ^ (mask[0]! & (header.isLong ? 0x0f : 0x1f));
    datagram[start] = first;
    const payloadStart = numberAt + (first & 3) + 1;
    this.number = readNumber(datagram, numberAt, payloadStart, largest, mask);
    this.keyPhase = (first >>> 2) & 1;
    this.spin = (first >>> 5) & 1;
    const length = keys.open(datagram, start, payloadStart, end, pathId, this.number, out);
    // RFC 9000, Sections 17.2 and 17.3.1: only for packets that proved authentic, or the time
    // taken would tell the bits to a stranger (RFC 9001, Section 9.5).
    if (length >= 0 && (first & (header.isLong ? 0x0c : 0x18)) !== 0) {
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        "Cannot accept a packet: its reserved bits are set",
      );
    }
    return length;
  }
}

/** Unmasks the packet number in place and recovers all of it. */
function readNumber(
  datagram: Uint8Array,
  from: number,
  to: number,
  largest: number,
  mask: Uint8Array,
): number {
  let truncated = 0;
  for (let at = from; at < to; at++) {
    const byte = datagram[at]! ^ mask[1 + at - from]!;
    datagram[at] = byte;
    truncated = truncated * 256 + byte;
  }
  return recoverPacketNumber(largest, truncated, to - from);
}
