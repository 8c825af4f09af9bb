// Reads the header of a packet, as far as it is not protected.

import { NO_BYTES } from "../bytes/bytes.ts";
import { connectionIdKey, MAX_ID_LENGTH } from "./connection_id.ts";
import { PacketType } from "./packet_type.ts";
import { isSupportedVersion, longTypeOf, Version } from "./version.ts";

/**
 * What can be read of a packet before its header protection is removed. One instance is filled
 * again for every packet; offsets point into `datagram`.
 */
export class Header {
  /** The datagram that the packet is in. */
  datagram: Uint8Array = NO_BYTES;
  /** Where the packet begins. */
  start = 0;
  /** Where the packet ends; a coalesced one may follow there. */
  end = 0;
  /** A `PacketType`, or -1 for a version not supported: then only the IDs and version count. */
  type = -1;
  /** The version of a long header; 0 for Version Negotiation and for short headers. */
  version = 0;
  isLong = false;
  /** RFC 9287: peers may be asked to vary this bit, so it is told rather than enforced. */
  hasFixedBit = false;
  destinationStart = 0;
  destinationLength = 0;
  /** The key of the destination ID; see `connectionIdKey`. */
  destinationKey = 0;
  sourceStart = 0;
  sourceLength = 0;
  /** The token of an Initial or a Retry. */
  tokenStart = 0;
  tokenLength = 0;
  /**
   * Where the packet number is, still protected. In a Retry: where the integrity tag is. In
   * Version Negotiation: where the list of versions begins.
   */
  payloadStart = 0;

  /** A view of the destination connection ID. */
  get destinationId(): Uint8Array {
    const { destinationStart: at } = this;
    return this.datagram.subarray(at, at + this.destinationLength);
  }

  /** A view of the source connection ID. */
  get sourceId(): Uint8Array {
    return this.datagram.subarray(this.sourceStart, this.sourceStart + this.sourceLength);
  }

  /** A view of the token. */
  get token(): Uint8Array {
    return this.datagram.subarray(this.tokenStart, this.tokenStart + this.tokenLength);
  }
}

/**
 * Reads the header of the packet at `offset`. Every length is checked before it is used, and
 * nothing is thrown: a packet that cannot be read is dropped (RFC 9000, Section 5.2).
 *
 * @param shortIdLength How long the connection IDs are that we issue: short headers do not say.
 * @returns Whether `header` is good; if not, the rest of the datagram is of no use either.
 */
export function parseHeader(
  datagram: Uint8Array,
  offset: number,
  shortIdLength: number,
  header: Header,
): boolean {
  if (offset >= datagram.length) return false;
  const first = datagram[offset]!;
  header.datagram = datagram;
  header.start = offset;
  header.end = datagram.length;
  header.isLong = first >= 0x80;
  header.hasFixedBit = (first & 0x40) !== 0;
  header.tokenStart = header.tokenLength = 0;
  return header.isLong ? parseLong(header, first) : parseShort(header, shortIdLength);
}

function parseShort(header: Header, idLength: number): boolean {
  const { datagram, start } = header;
  const payloadStart = start + 1 + idLength;
  if (payloadStart > datagram.length) return false;
  header.type = PacketType.OneRtt;
  header.version = 0;
  setDestination(header, start + 1, idLength);
  header.sourceStart = header.sourceLength = 0;
  header.payloadStart = payloadStart;
  return true;
}

/** The part that all versions share (RFC 8999, Section 5.1). */
function parseLong(header: Header, first: number): boolean {
  const { datagram, start } = header;
  const size = datagram.length;
  if (size - start < 7) return false;
  const version = ((datagram[start + 1]! << 24) | (datagram[start + 2]! << 16) |
    (datagram[start + 3]! << 8) | datagram[start + 4]!) >>> 0;
  const destinationLength = datagram[start + 5]!;
  const sourceAt = start + 6 + destinationLength;
  if (sourceAt >= size) return false;
  const sourceLength = datagram[sourceAt]!;
  const next = sourceAt + 1 + sourceLength;
  if (next > size) return false;
  header.version = version;
  setDestination(header, start + 6, destinationLength);
  header.sourceStart = sourceAt + 1;
  header.sourceLength = sourceLength;
  header.payloadStart = next;
  if (version === Version.Negotiation) {
    header.type = PacketType.VersionNegotiation;
    return true;
  }
  if (!isSupportedVersion(version)) {
    header.type = -1;
    return true;
  }
  // RFC 9000, Section 17.2: longer IDs exist in other versions only.
  if (destinationLength > MAX_ID_LENGTH || sourceLength > MAX_ID_LENGTH) return false;
  header.type = longTypeOf(version, first);
  return parseKnown(header, next);
}

function parseKnown(header: Header, next: number): boolean {
  if (header.type === PacketType.Retry) return parseRetry(header, next);
  let at = next;
  if (header.type === PacketType.Initial) {
    const tokenLength = lengthAt(header.datagram, at);
    if (tokenLength < 0) return false;
    at += lengthSize(header.datagram, at);
    if (tokenLength > header.datagram.length - at) return false;
    header.tokenStart = at;
    header.tokenLength = tokenLength;
    at += tokenLength;
  }
  const length = lengthAt(header.datagram, at);
  if (length < 0) return false;
  at += lengthSize(header.datagram, at);
  if (length > header.datagram.length - at) return false;
  header.payloadStart = at;
  header.end = at + length;
  return true;
}

/** RFC 9000, Section 17.2.5: the token is whatever stands before the 16 bytes of the tag. */
function parseRetry(header: Header, next: number): boolean {
  const tagStart = header.datagram.length - 16;
  if (tagStart < next) return false;
  header.tokenStart = next;
  header.tokenLength = tagStart - next;
  header.payloadStart = tagStart;
  return true;
}

function setDestination(header: Header, start: number, length: number): void {
  header.destinationStart = start;
  header.destinationLength = length;
  header.destinationKey = connectionIdKey(header.datagram, start, length);
}

/** The bytes that the variable-length integer at `at` takes. */
function lengthSize(bytes: Uint8Array, at: number): number {
  return 1 << (bytes[at]! >>> 6);
}

/** The variable-length integer at `at`, or -1 if it is cut short or beyond any datagram. */
function lengthAt(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return -1;
  const size = lengthSize(bytes, at);
  if (size > bytes.length - at) return -1;
  let value = bytes[at]! & 0x3f;
  for (let i = 1; i < size; i++) value = value * 256 + bytes[at + i]!;
  return value <= 0xffff ? value : -1;
}
