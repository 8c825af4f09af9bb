// The router of a link that no route names.

import { formatIpAddress, parseIpAddress } from "../../bytes/ip_address.ts";

/** Flags of an entry that the kernel has an answer for: `ATF_COM` of if_arp.h. */
const COMPLETE = 0x2;

/**
 * The router that a link probably has: its only neighbour, or else the first address of its
 * network, as most routers are set up.
 *
 * @param device The interface.
 * @param neighbours The text of `/proc/net/arp`; empty if it cannot be read.
 * @param network The interface's IPv4 address with the length of its prefix, `192.0.2.7/24`.
 */
export function likelyRouter(
  device: string,
  neighbours: string,
  network: string,
): string | undefined {
  const known = neighboursOf(device, neighbours);
  return known.length === 1 ? known[0] : firstOf(network);
}

/** The addresses that answer on a link, by the text of `/proc/net/arp`. */
function neighboursOf(device: string, text: string): readonly string[] {
  return text.split("\n").slice(1).flatMap((line) => {
    const [address, , flags, , , name] = line.trim().split(/\s+/);
    const isKnown = name === device && (Number(flags) & COMPLETE) !== 0;
    return isKnown && parseIpAddress(address!) !== undefined ? [address!] : [];
  });
}

/** The first address of a network; undefined if it has none beside the machine's own. */
function firstOf(network: string): string | undefined {
  const [address, bits] = network.split("/");
  const bytes = parseIpAddress(address!);
  const length = Number(bits);
  if (bytes?.length !== 4 || !(length >= 8 && length <= 30)) return undefined;
  for (let bit = length; bit < 32; bit++) bytes[bit >> 3]! &= ~(0x80 >> (bit & 7));
  bytes[3]! |= 1;
  const first = formatIpAddress(bytes);
  return first === address ? undefined : first;
}
