// The local address that a datagram leaves from, where its socket is bound to all of them.

import { parseIpAddress } from "../../bytes/ip_address.ts";
import {
  CONTROL_LEVEL,
  CONTROL_TYPE,
  CONTROL_VALUE,
  IP,
  IP_PKTINFO,
  IPV6,
  IPV6_PKTINFO,
  V4_ADDRESS,
  V4_INFO_SIZE,
  V6_INFO_SIZE,
} from "./message_layout.ts";

/** Bytes of a control message with either. */
export const SOURCE_SIZES: readonly number[] = [V4_INFO_SIZE, V6_INFO_SIZE].map(spaceFor);
/** The larger one. */
export const MAX_SOURCE_SIZE = Math.max(...SOURCE_SIZES);

/** A local address, as a control message that makes it the source of a datagram. */
export class Source {
  readonly message: Uint8Array<ArrayBuffer>;

  /** @param hostname The address; the routes choose the interface. */
  constructor(hostname: string) {
    const ip = parseIpAddress(hostname);
    if (ip === undefined) throw new TypeError(`Cannot send from ${hostname}: no address`);
    const isV4 = ip.length === 4;
    const size = isV4 ? V4_INFO_SIZE : V6_INFO_SIZE;
    this.message = new Uint8Array(spaceFor(size));
    const view = new DataView(this.message.buffer);
    view.setUint32(0, CONTROL_VALUE + size, true);
    view.setUint32(CONTROL_LEVEL, isV4 ? IP : IPV6, true);
    view.setUint32(CONTROL_TYPE, isV4 ? IP_PKTINFO : IPV6_PKTINFO, true);
    this.message.set(ip, isV4 ? CONTROL_VALUE + V4_ADDRESS : CONTROL_VALUE);
  }
}

/** `CMSG_SPACE`: a header and a value, up to the next multiple of 8. */
function spaceFor(size: number): number {
  return CONTROL_VALUE + (size + 7 & ~7);
}
