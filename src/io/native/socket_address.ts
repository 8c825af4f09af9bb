// Addresses as the system writes them: `sockaddr_in` and `sockaddr_in6`.

import { formatIpAddress, parseIpAddress } from "../../bytes/ip_address.ts";
import { familyOf } from "../interfaces.ts";
import type { Address } from "../../path/address/address.ts";

/** `AF_INET` and `AF_INET6` of socket.h. */
export const Family = { V4: 2, V6: 10 } as const;
/** A family of addresses. */
export type Family = (typeof Family)[keyof typeof Family];

/** `sizeof(struct sockaddr_in)`, and that of `sockaddr_in6`, which is the larger one. */
const V4_SIZE = 16;
export const NAME_SIZE = 28;
/** Where `sockaddr_in6` has its address. */
const V6_ADDRESS = 8;
/** What an IPv4 address has before it as an IPv6 address (RFC 4291, Section 2.5.5.2). */
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255);

/** So many peers are remembered; senders with false addresses must not fill the memory. */
const MAX_KNOWN = 4_096;

/** The family of a literal address. */
export function familyOfName(hostname: string): Family {
  return familyOf(hostname) === "IPv6" ? Family.V6 : Family.V4;
}

/** An address for a socket of a family; undefined if such a socket cannot send there. */
export function encodeName(
  { hostname, port }: Address,
  family: Family,
): Uint8Array<ArrayBuffer> | undefined {
  const ip = parseIpAddress(hostname);
  if (ip === undefined || (family === Family.V4 && ip.length !== 4)) return undefined;
  const name = new Uint8Array(family === Family.V4 ? V4_SIZE : NAME_SIZE);
  new DataView(name.buffer).setUint16(0, family, true);
  new DataView(name.buffer).setUint16(2, port);
  if (family === Family.V4) name.set(ip, 4);
  else if (ip.length === 16) name.set(ip, V6_ADDRESS);
  else name.set([...MAPPED, ...ip], V6_ADDRESS);
  return name;
}

/** The address in a name; IPv4 peers of an IPv6 socket are shown as IPv4. */
export function decodeName(name: Uint8Array): Address {
  const port = name[2]! << 8 | name[3]!;
  if (name[0] === Family.V4) {
    return { transport: "udp", hostname: formatIpAddress(name.slice(4, 8)), port };
  }
  const ip = name.slice(V6_ADDRESS, V6_ADDRESS + 16);
  const isMapped = MAPPED.every((byte, i) => ip[i] === byte);
  return { transport: "udp", hostname: formatIpAddress(isMapped ? ip.slice(12) : ip), port };
}

/** A peer: its address, and the name by which a socket sends there. */
export interface Peer {
  readonly address: Address;
  readonly name: Uint8Array<ArrayBuffer>;
}

/**
 * The peers of sockets of one family. The same peer has the same `Address` object, whether it was
 * dialled or heard of first: comparing is then cheap for all that handle its datagrams.
 */
export class PeerTable {
  readonly #family: Family;
  #byAddress = new WeakMap<Address, Peer>();
  readonly #byName = new Map<number | string, Peer>();
  /** The words of the name seen last. */
  readonly #last = new Uint32Array(NAME_SIZE / 4);
  #lastPeer: Peer | undefined;

  constructor(family: Family) {
    this.#family = family;
  }

  /** The peer at an address; undefined if sockets of the family cannot send there. */
  at(address: Address): Peer | undefined {
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    const name = encodeName(address, this.#family);
    if (name === undefined) return undefined;
    const padded = new Uint8Array(NAME_SIZE);
    padded.set(name);
    const peer = this.#keep(keyOf(new Uint32Array(padded.buffer), 0), () => ({ address, name }));
    this.#byAddress.set(address, peer);
    return peer;
  }

  /** The address in the name that a datagram came with, at a word of a slab. */
  read(words: Uint32Array, at: number): Address {
    const last = this.#last;
    let i = 0;
    const length = this.#family === Family.V4 ? 2 : NAME_SIZE / 4;
    while (i < length && last[i] === words[at + i]) i++;
    if (i === length && this.#lastPeer !== undefined) return this.#lastPeer.address;
    for (let i = 0; i < length; i++) last[i] = words[at + i]!;
    const peer = this.#keep(keyOf(words, at), () => {
      const address = decodeName(new Uint8Array(last.buffer));
      return { address, name: encodeName(address, this.#family)! };
    });
    this.#byAddress.set(peer.address, peer);
    this.#lastPeer = peer;
    return peer.address;
  }

  #keep(key: number | string, make: () => Peer): Peer {
    const known = this.#byName.get(key);
    if (known !== undefined) return known;
    if (this.#byName.size >= MAX_KNOWN) this.#byName.clear();
    const peer = make();
    this.#byName.set(key, peer);
    return peer;
  }
}

/** One key for each address and port. */
function keyOf(words: Uint32Array, at: number): number | string {
  const port = words[at]! >>> 16;
  if ((words[at]! & 0xffff) === Family.V4) return words[at + 1]! * 65_536 + port;
  return `${port} ${words[at + 2]} ${words[at + 3]} ${words[at + 4]} ${words[at + 5]}`;
}
