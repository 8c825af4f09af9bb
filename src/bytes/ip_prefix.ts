// Networks of IP addresses: the site and the network of an address, and lists of networks.

import { formatIpAddress, parseIpAddress } from "./ip_address.ts";

/** Bits that the addresses of one network have in common, as providers hand them out. */
const IPV4_NETWORK = 24;
const IPV6_NETWORK = 56;
/** Bits that the addresses of one IPv6 link have in common; its machines have as many as they like. */
const IPV6_SITE = 64;

/**
 * The network that an address belongs to: its /24 for IPv4, its /56 for IPv6, where one household
 * has all addresses of it. IPv4 addresses in IPv6 form (RFC 4291, Section 2.5.5.2) count as IPv4.
 *
 * @returns The network in text; the name itself if it is no literal address.
 */
export function networkOf(hostname: string): string {
  const bytes = plainBytes(hostname);
  if (bytes === undefined) return hostname;
  return textOf(bytes, bytes.length === 4 ? IPV4_NETWORK : IPV6_NETWORK);
}

/**
 * The site of a machine or household: an IPv4 address, or the /64 of an IPv6 address, because a
 * site with one address of a /64 has them all (RFC 4291, Section 2.5.1; RFC 8981).
 *
 * @returns It in text; the name itself if it is no literal address.
 */
export function siteOf(hostname: string): string {
  const bytes = plainBytes(hostname);
  if (bytes === undefined) return hostname;
  return bytes.length === 4 ? formatIpAddress(bytes) : textOf(bytes, IPV6_SITE);
}

function textOf(bytes: Uint8Array, length: number): string {
  return `${formatIpAddress(masked(bytes, length))}/${length}`;
}

/** Networks of any size, written as an address and a number of bits. */
export class IpPrefix {
  readonly #bytes: Uint8Array;
  readonly #length: number;

  private constructor(bytes: Uint8Array, length: number) {
    this.#bytes = masked(bytes, length);
    this.#length = length;
  }

  /** Reads `192.0.2.0/24`, `2001:db8::/32`, or an address alone; `undefined` for anything else. */
  static parse(text: string): IpPrefix | undefined {
    const [address, bits, ...more] = text.split("/");
    const bytes = parseIpAddress(address!);
    if (bytes === undefined || more.length > 0) return undefined;
    const most = 8 * bytes.length;
    if (bits === undefined) return new IpPrefix(bytes, most);
    const length = /^\d{1,3}$/.test(bits) ? Number(bits) : NaN;
    return length <= most ? new IpPrefix(bytes, length) : undefined;
  }

  /** Whether an address lies in the network. */
  contains(hostname: string): boolean {
    const bytes = this.#bytes.length === 4 ? plainBytes(hostname) : parseIpAddress(hostname);
    if (bytes?.length !== this.#bytes.length) return false;
    const own = masked(bytes, this.#length);
    return this.#bytes.every((byte, i) => byte === own[i]);
  }
}

/** The bytes of an address; 4 of them for IPv4 in either form. */
function plainBytes(hostname: string): Uint8Array | undefined {
  const bytes = parseIpAddress(hostname);
  const isMapped = bytes?.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.subarray(0, 10).every((byte) => byte === 0);
  return isMapped ? bytes.subarray(12) : bytes;
}

/** A copy whose bits after the first `length` are zero. */
function masked(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, i) => {
    const kept = Math.min(8, Math.max(0, length - 8 * i));
    return byte & (0xff << (8 - kept));
  });
}
