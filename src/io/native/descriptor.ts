// Opens descriptors of UDP sockets, with the options that all native sockets have.

import type { Address } from "../../path/address/address.ts";
import { Errno, type Libc } from "./libc.ts";
import { IP, IP_PKTINFO, IPV6, UDP, UDP_GRO } from "./message_layout.ts";
import { decodeName, encodeName, Family, familyOfName, NAME_SIZE } from "./socket_address.ts";
import { systemError } from "./system_error.ts";

/** Bytes that may wait in the system, in either direction; it gives less if it wants to. */
const BUFFER_SIZE = 4_194_304;

/** `SOCK_DGRAM | SOCK_NONBLOCK`, and `SOCK_CLOEXEC`. */
const TYPE = 0x802;
const CLOSE_ON_EXEC = 0x80000;
/** `SOL_SOCKET`, with `SO_SNDBUF` and `SO_RCVBUF`. */
const SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const SO_BINDTODEVICE = 25;
/** Options of `IPPROTO_IP`; `IP_PMTUDISC_PROBE` sets "don't fragment", and believes no ICMP. */
const IP_MTU_DISCOVER = 10;
const IP_RECVTOS = 13;
const IP_MTU = 14;
const PROBE = 3;
/** Options of `IPPROTO_IPV6`. */
const IPV6_MTU_DISCOVER = 23;
const IPV6_MTU = 24;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;
const IPV6_RECVTCLASS = 66;

/**
 * Opens a descriptor that is bound to a local address; port 0 lets the system choose one.
 *
 * @param device The interface that it is bound to as well.
 * @param isShared Whether others may be bound to the same address, if they say so too.
 * @param isInherited Whether programs that this one starts have it, too.
 * @throws What `Deno.listenDatagram` throws where the system refuses.
 */
export function openDescriptor(
  libc: Libc,
  hostname: string,
  port: number,
  device?: string,
  isShared = false,
  isInherited = false,
): number {
  const family = familyOfName(hostname);
  const name = encodeName({ transport: "udp", hostname, port }, family);
  if (name === undefined) throw new TypeError(`Cannot open a socket at ${hostname}: no address`);
  const descriptor = libc.socket(family, isInherited ? TYPE : TYPE | CLOSE_ON_EXEC, 0);
  if (descriptor < 0) throw systemError(libc.errno);
  setOptions(libc, descriptor, family);
  if (isShared) libc.set(descriptor, SOCKET, SO_REUSEPORT, 1);
  if (bindDevice(libc, descriptor, device) && libc.bind(descriptor, name)) return descriptor;
  const error = systemError(libc.errno);
  libc.close(descriptor);
  throw error;
}

/**
 * Linux 5.7 needs no privilege for it; an older one refuses, and the routes decide. They do not if
 * the interface is gone.
 */
function bindDevice(libc: Libc, descriptor: number, device: string | undefined): boolean {
  return device === undefined || libc.set(descriptor, SOCKET, SO_BINDTODEVICE, device) ||
    libc.errno !== Errno.ENODEV;
}

/** Binds a descriptor that has an address to an interface as well; whether the system lets it. */
export function bindLater(libc: Libc, descriptor: number, device: string): boolean {
  return libc.set(descriptor, SOCKET, SO_BINDTODEVICE, device);
}

/** What a socket does without is not asked for; the kernel may not know some of it. */
function setOptions(libc: Libc, descriptor: number, family: Family): void {
  libc.set(descriptor, SOCKET, SO_RCVBUF, BUFFER_SIZE);
  libc.set(descriptor, SOCKET, SO_SNDBUF, BUFFER_SIZE);
  libc.set(descriptor, UDP, UDP_GRO, 1);
  // A socket for both families takes IPv4 packets by the options of IPv4.
  libc.set(descriptor, IP, IP_RECVTOS, 1);
  libc.set(descriptor, IP, IP_MTU_DISCOVER, PROBE);
  if (family === Family.V4) return;
  // A system may be set otherwise.
  libc.set(descriptor, IPV6, IPV6_V6ONLY, 0);
  libc.set(descriptor, IPV6, IPV6_RECVTCLASS, 1);
  libc.set(descriptor, IPV6, IPV6_MTU_DISCOVER, PROBE);
}

/** Has datagrams come with the local address that they were sent to; whether they do. */
export function tellLocalAddresses(libc: Libc, descriptor: number, family: Family): boolean {
  // That of IPv6 tells of IPv4 as well.
  return family === Family.V4
    ? libc.set(descriptor, IP, IP_PKTINFO, 1)
    : libc.set(descriptor, IPV6, IPV6_RECVPKTINFO, 1);
}

/** The local address that a descriptor is bound to. */
export function boundAddress(libc: Libc, descriptor: number): Address {
  const name = new Uint8Array(NAME_SIZE);
  if (!libc.nameOf(descriptor, name)) throw systemError(libc.errno);
  return decodeName(name);
}

/** Bytes that the system lets wait to be received: twice what was asked for, as it counts overhead. */
export function receiveBufferSize(libc: Libc, descriptor: number): number {
  return libc.get(descriptor, SOCKET, SO_RCVBUF);
}

/**
 * Bytes of the largest IP packet that the interface takes by which datagrams leave for an address; 0
 * if the system does not say. It is asked by a socket of its own, to which nothing is sent.
 *
 * @param from The local address.
 */
export function packetSizeTo(
  libc: Libc,
  remote: Address,
  from: string,
  device: string | undefined,
): number {
  const family = familyOfName(remote.hostname);
  const name = encodeName(remote, family);
  const own = encodeName({ transport: "udp", hostname: from, port: 0 }, family);
  const descriptor = libc.socket(family, TYPE | CLOSE_ON_EXEC, 0);
  if (descriptor < 0) return 0;
  try {
    bindDevice(libc, descriptor, device);
    // A socket for both families has an address of IPv6 that stands for all.
    if (own !== undefined) libc.bind(descriptor, own);
    if (name === undefined || !libc.connect(descriptor, name)) return 0;
    const [level, option] = family === Family.V4 ? [IP, IP_MTU] : [IPV6, IPV6_MTU];
    return Math.max(0, libc.get(descriptor, level, option));
  } finally {
    libc.close(descriptor);
  }
}
