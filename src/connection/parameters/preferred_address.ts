import { formatIpAddress, parseIpAddress } from "../../bytes/ip_address.ts";
import type { Address } from "../../path/address.ts";
import { isAddressAcceptable } from "../../path/address_scope.ts";
import type { PreferredAddresses } from "../config.ts";
import type { IssuedId } from "./local_parameters.ts";
import type { PreferredAddress } from "./transport_parameters.ts";

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
 * @param peer Where the server is now; it cannot make us send to just anybody.
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
