// Chooses which kind of socket is opened: native ones where they can be used and are wanted.

import { type NativeMode, nativeMode } from "./native/native_mode.ts";
import { borrowSocket, nativeSockets } from "./native/tier.ts";
import type { OpenSocket, Socket } from "./socket.ts";
import { UdpSocket } from "./udp_socket.ts";
import { lentSocket } from "./worker_seat.ts";

/**
 * What opens sockets.
 *
 * @throws {Error} If native ones are required and cannot be used; the message says why.
 */
export function socketOpener(wish?: NativeMode): OpenSocket {
  const open = chooseOpener(wish);
  return (hostname, port, wishes) => {
    const lent = lentSocket(hostname, port);
    return lent === undefined ? open(hostname, port, wishes) : borrowSocket(lent, wishes);
  };
}

function chooseOpener(wish: NativeMode | undefined): OpenSocket {
  const mode = nativeMode(wish);
  if (!isWanted(mode)) return openPortable;
  const open = nativeSockets();
  if (typeof open !== "string") return open;
  if (mode === "require") throw new Error(`Cannot use native sockets: ${open}`);
  return openPortable;
}

/** Whether {@linkcode socketOpener} gives native sockets, which can be bound to an interface. */
export function opensNative(wish?: NativeMode): boolean {
  return isWanted(nativeMode(wish)) && typeof nativeSockets() !== "string";
}

function isWanted(mode: NativeMode): boolean {
  return mode === "require" || (mode === "auto" && !mayEndAtOnce());
}

/**
 * Whether this is a worker. What a worker has opened by FFI outlives `terminate`: nothing would close
 * its sockets, and their ports would stay taken.
 */
function mayEndAtOnce(): boolean {
  return "WorkerGlobalScope" in globalThis;
}

/** Opens a socket of the runtime at a local address; port 0 lets the system choose one. */
function openPortable(hostname: string, port: number): Socket {
  if (Deno.listenDatagram === undefined) {
    throw new Error(
      'Cannot open a UDP socket: run with --unstable-net, or put "unstable": ["net"] into deno.json',
    );
  }
  return UdpSocket.open(hostname, port);
}
