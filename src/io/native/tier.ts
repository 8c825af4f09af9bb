// Whether native sockets can be used here.

import { failureOfSelfTest } from "./self_test.ts";
import { type Libc, libc, type Obstacle } from "./libc.ts";
import type { OpenSocket, Socket, SocketWishes } from "../socket.ts";
import { NativeSocket } from "./native_socket.ts";
import { SocketGroup } from "./socket_group.ts";

/** What opens native sockets, or why there are none. It is found out once. */
let found: OpenSocket | Obstacle | undefined;

/** What opens native sockets, or in a few words why that is impossible here. */
export function nativeSockets(): OpenSocket | Obstacle {
  return found ??= find();
}

/**
 * Opens sockets for several workers at an address. Only where there are native ones.
 *
 * @param areInherited Whether programs that this one starts have them, too.
 * @throws What `Deno.listenDatagram` throws where the system refuses.
 */
export function openGroup(
  hostname: string,
  port: number,
  count: number,
  areInherited?: boolean,
): SocketGroup {
  return SocketGroup.open(library(), hostname, port, count, areInherited);
}

/** A socket of a group, for the thread that it was lent to. */
export function borrowSocket(
  { descriptor, hostname }: { readonly descriptor: number; readonly hostname: string },
  wishes?: SocketWishes,
): Socket {
  return NativeSocket.borrow(library(), descriptor, hostname, wishes);
}

function library(): Libc {
  if (typeof libc !== "string") return libc;
  throw new Error(`Cannot use native sockets: ${libc}`);
}

function find(): OpenSocket | Obstacle {
  if (typeof libc === "string") return libc;
  // The runtime asks for it with each datagram; what FFI does, it does not look at.
  const net = Deno.permissions.querySync({ name: "net" });
  if (net.state !== "granted" || net.partial) {
    return "they need --allow-net for all addresses: the runtime cannot tell them apart";
  }
  const found = libc;
  const failure = failureOfSelfTest(found);
  if (failure !== undefined) return `the test over loopback failed: ${failure}`;
  return (hostname, port, wishes) => NativeSocket.open(found, hostname, port, wishes);
}
