import { MASK_LENGTH, TAG_LENGTH } from "../crypto/aead.ts";
import type { KeyPhases } from "../crypto/key_phases.ts";
import type { PacketKeys } from "../crypto/packet_keys.ts";
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

  /** The first byte without its mask. */
  #first = 0;
  /** Where the packet number ends. */
  #payloadStart = 0;
  /** The keys may lend the same mask to the next caller. */
  readonly #mask = new Uint8Array(MASK_LENGTH);

  /**
   * Opens a packet with a long header: the header in place, the payload into `out`.
   *
   * @param largest The largest number received in the packet's space, or -1.
   * @returns The length of the frames in `out`, or -1 if the packet must be dropped.
   * @throws {TransportError} If an authentic packet has its reserved bits set.
   */
  openLong(header: Header, keys: PacketKeys, largest: number, out: Uint8Array): number {
    const { datagram, start, end } = header;
    if (isTooShort(header)) return -1;
    this.#unmask(header, keys.headerMask(datagram, header.payloadStart + 4), 0x0f, largest);
    const length = keys.open(datagram, start, this.#payloadStart, end, 0, this.number, out);
    return this.#checked(length, 0x0c);
  }

  /**
   * Opens a packet with a short header: the header in place, the payload into `out`.
   *
   * @param pathId The path that the destination connection ID belongs to.
   * @param largest The largest number received on that path, or -1.
   * @returns The length of the frames in `out`, or -1 if the packet must be dropped.
   * @throws {TransportError} If an authentic packet has its reserved bits set, or breaks the
   *   rules of key updates.
   */
  openShort(
    header: Header,
    keys: KeyPhases,
    pathId: number,
    largest: number,
    now: number,
    out: Uint8Array,
  ): number {
    const { datagram, start, end } = header;
    if (isTooShort(header)) return -1;
    this.#unmask(header, keys.readHeaderMask(datagram, header.payloadStart + 4), 0x1f, largest);
    this.keyPhase = (this.#first >>> 2) & 1;
    this.spin = (this.#first >>> 5) & 1;
    const length = keys.open(
      datagram,
      start,
      this.#payloadStart,
      end,
      pathId,
      this.number,
      this.keyPhase,
      now,
      out,
    );
    return this.#checked(length, 0x18);
  }

  /** Removes header protection in place and recovers the packet number. */
  #unmask(header: Header, mask: Uint8Array, firstBits: number, largest: number): void {
    this.#mask.set(mask);
    const { datagram, start, payloadStart: numberAt } = header;
    const first = datagram[start]! ^ (this.#mask[0]! & firstBits);
    datagram[start] = first;
    const size = (first & 3) + 1;
    let truncated = 0;
    for (let i = 0; i < size; i++) {
      const byte = datagram[numberAt + i]! ^ this.#mask[1 + i]!;
      datagram[numberAt + i] = byte;
      truncated = truncated * 256 + byte;
    }
    this.#first = first;
    this.#payloadStart = numberAt + size;
    this.number = recoverPacketNumber(largest, truncated, size);
  }

  #checked(length: number, reservedBits: number): number {
    // RFC 9000, Sections 17.2 and 17.3.1: only for packets that proved authentic, or the time
    // taken would tell the bits to a stranger.
    if (length >= 0 && (this.#first & reservedBits) !== 0) {
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        "Cannot accept a packet: its reserved bits are set",
      );
    }
    return length;
  }
}

/** RFC 9001, Section 5.4.2: without a whole sample there is nothing to open. */
function isTooShort(header: Header): boolean {
  return header.end - header.payloadStart < 4 + TAG_LENGTH;
}
