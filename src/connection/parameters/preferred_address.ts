// The preferred address of a server (RFC 9000, Section 9.6).

import { formatIpAddress, parseIpAddress } from "../../bytes/ip_address.ts";
import { Writer } from "../../bytes/writer.ts";
import { type ConnectionId, MAX_ID_LENGTH } from "../../packet/connection_id.ts";
import type { Address } from "../../path/address/address.ts";
import { isAddressAcceptable } from "../../path/address/address_scope.ts";
import type { PreferredAddresses } from "../config.ts";
import { invalid, type ParameterCodec } from "./parameter_codec.ts";

/** Where else a server would like to be reached (RFC 9000, Section 18.2). */
export interface PreferredAddress {
  /** 4 bytes, all zero if there is none. */
  readonly ipv4: Uint8Array;
  readonly ipv4Port: number;
  /** 16 bytes, all zero if there is none. */
  readonly ipv6: Uint8Array;
  readonly ipv6Port: number;
  /** The connection ID with sequence number 1. */
  readonly id: Uint8Array;
  readonly resetToken: Uint8Array;
}

/** A connection ID of ours with the token that resets it (RFC 9000, Section 10.3). */
export interface IssuedId {
  readonly id: ConnectionId;
  readonly resetToken: Uint8Array;
}

/** A preferred address on the wire. */
export const preferredAddress: ParameterCodec<PreferredAddress | undefined> = {
  read(value, parameter) {
    const ipv4 = value.take(4).slice();
    const ipv4Port = value.uint16();
    const ipv6 = value.take(16).slice();
    const ipv6Port = value.uint16();
    const length = value.uint8();
    if (length < 1 || length > MAX_ID_LENGTH) {
      throw invalid(parameter, "its connection ID is invalid");
    }
    const id = value.take(length).slice();
    return { ipv4, ipv4Port, ipv6, ipv6Port, id, resetToken: value.take(16).slice() };
  },
  write(address) {
    const { ipv4, ipv4Port, ipv6, ipv6Port, id, resetToken } = address!;
    const writer = new Writer(new Uint8Array(25 + id.length + resetToken.length));
    writer.put(ipv4);
    writer.uint16(ipv4Port);
    writer.put(ipv6);
    writer.uint16(ipv6Port);
    writer.uint8(id.length);
    writer.put(id);
    writer.put(resetToken);
    return writer.bytes;
  },
};

/** A server's preferred_address (RFC 9000, Section 18.2). */
export function encodePreferred(
  { ipv4, ipv6 }: PreferredAddresses,
  { id, resetToken }: IssuedId,
): PreferredAddress {
  return {
    ipv4: addressBytes(ipv4, 4),
    ipv4Port: ipv4?.port ?? 0,
    ipv6: addressBytes(ipv6, 16),
    ipv6Port: ipv6?.port ?? 0,
    id: id.bytes,
    resetToken,
  };
}

/**
 * Where a client goes: to the address of the family that its port has. RFC 9000, Section 21.5.3:
 * nothing but a challenge goes there before it has answered.
 *
 * @param peer The address of the server now; it limits where a server can make us send.
 */
export function choosePreferred(
  preferred: PreferredAddress,
  local: Address,
  peer: Address,
): Address | undefined {
  const isIpv6 = local.hostname.includes(":");
  const ip = isIpv6 ? preferred.ipv6 : preferred.ipv4;
  const port = isIpv6 ? preferred.ipv6Port : preferred.ipv4Port;
  if (port === 0 || !isAddressAcceptable(ip, port, peer)) return undefined;
  return { transport: "udp", hostname: formatIpAddress(ip), port };
}

/** All zero stands for none. */
function addressBytes(address: Address | undefined, length: number): Uint8Array {
  const bytes = address && parseIpAddress(address.hostname);
  if (bytes === undefined) return new Uint8Array(length);
  if (bytes.length === length) return bytes;
  throw new TypeError(`Cannot use ${address!.hostname} as an address of ${length} bytes`);
}
