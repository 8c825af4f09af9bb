/** The ECN field of IP packets, as routers read and change it (RFC 3168, Section 5). */

import type { Ecn } from "../../src/bytes/ecn.ts";

/** Where the header of IPv4 has its checksum. */
const CHECKSUM = 10;

/** The mark of a packet. */
export function markOf(packet: Uint8Array): Ecn {
  const field = isIpv6(packet) ? packet[1]! >> 4 : packet[1]!;
  return (field & 3) as Ecn;
}

/** Gives a packet another mark, and with IPv4 the checksum that goes with it. */
export function setMark(packet: Uint8Array<ArrayBuffer>, mark: Ecn): void {
  const change = markOf(packet) ^ mark;
  if (isIpv6(packet)) {
    packet[1]! ^= change << 4;
    return;
  }
  const view = new DataView(packet.buffer, packet.byteOffset);
  const before = view.getUint16(0);
  view.setUint16(0, before ^ change);
  // The sum of the other words stays: ones' complement, with the carry added at the low end.
  const sum = (~view.getUint16(CHECKSUM) & 0xffff) + (~before & 0xffff) + (before ^ change);
  const folded = (sum & 0xffff) + (sum >> 16);
  view.setUint16(CHECKSUM, ~((folded & 0xffff) + (folded >> 16)));
}

function isIpv6(packet: Uint8Array): boolean {
  return packet[0]! >> 4 === 6;
}
