// Reads and writes Version Negotiation packets.

import type { Writer } from "../bytes/writer.ts";
import type { Header } from "./header.ts";

/**
 * Writes a Version Negotiation packet (RFC 9000, Section 17.2.1).
 *
 * @param destinationId The source ID of the packet that is answered, up to 255 bytes.
 * @param sourceId The destination ID of that packet.
 * @param unused Any byte: what the version does not define is best left to chance.
 */
export function writeVersionNegotiation(
  writer: Writer,
  destinationId: Uint8Array,
  sourceId: Uint8Array,
  versions: readonly number[],
  unused: number,
): void {
  writer.uint8(0x80 | 0x40 | unused); // the fixed bit, so that others can tell QUIC apart
  writer.uint32(0);
  writer.uint8(destinationId.length);
  writer.put(destinationId);
  writer.uint8(sourceId.length);
  writer.put(sourceId);
  for (const version of versions) writer.uint32(version);
}

/** The versions in a Version Negotiation packet; undefined if the list is empty or cut short. */
export function readVersionNegotiation(header: Header): number[] | undefined {
  const { datagram, payloadStart, end } = header;
  const size = end - payloadStart;
  if (size === 0 || size % 4 !== 0) return undefined;
  const view = new DataView(datagram.buffer, datagram.byteOffset + payloadStart, size);
  const versions: number[] = [];
  for (let at = 0; at < size; at += 4) versions.push(view.getUint32(at));
  return versions;
}
