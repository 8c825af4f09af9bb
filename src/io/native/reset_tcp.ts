// Resets a TCP connection of the runtime, which can only close them.

import { libc } from "./libc.ts";
import { nativeMode } from "./native_mode.ts";
import { decodeName, NAME_SIZE } from "./socket_address.ts";

/** Descriptors are looked through from 0: more than that a process seldom has. */
const MOST_DESCRIPTORS = 65_536;

const SYMBOLS = {
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
} as const;

/** Calls of the C library, once they have been needed. */
let calls: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

/**
 * Resets a connection; the caller closes it as well. The runtime keeps its descriptors to itself, so
 * the connection is looked for by its addresses.
 *
 * @returns Whether that was possible: it takes the C library, and so `--allow-ffi`.
 */
export function resetTcp({ localAddr, remoteAddr }: Deno.TcpConn): boolean {
  if (typeof libc === "string" || nativeMode() === "off") return false;
  const { connect, getpeername, getsockname } = calls ??= Deno.dlopen(libc.path, SYMBOLS).symbols;
  const name = new Uint8Array(NAME_SIZE);
  const length = new Uint32Array(1);
  const isAt = (ask: typeof getpeername, descriptor: number, place: Deno.NetAddr) => {
    length[0] = name.length;
    return ask(descriptor, name, length) === 0 && isSame(decodeName(name), place);
  };
  for (let descriptor = 0; descriptor < MOST_DESCRIPTORS; descriptor++) {
    if (!isAt(getpeername, descriptor, remoteAddr)) continue;
    if (!isAt(getsockname, descriptor, localAddr)) continue;
    // A `sockaddr` of the family AF_UNSPEC, which is 0: TCP connections are broken off by a reset.
    return connect(descriptor, new Uint8Array(16), 16) === 0;
  }
  return false;
}

type Place = Pick<Deno.NetAddr, "hostname" | "port">;

function isSame(one: Place, other: Place): boolean {
  return one.port === other.port && one.hostname === other.hostname;
}
