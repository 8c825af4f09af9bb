// The sockets of one endpoint.

import type { Address } from "../path/address.ts";
import { UdpSocket } from "./udp_socket.ts";

/** How many ports are tried to find one that is free on all addresses. */
const ATTEMPTS = 20;

/** One socket per local address. */
export class SocketSet {
  readonly #sockets: UdpSocket[] = [];

  /** The open sockets. */
  get sockets(): readonly UdpSocket[] {
    return this.#sockets;
  }

  /** Where they are bound. */
  get addresses(): readonly Address[] {
    return this.#sockets.map((socket) => socket.address);
  }

  /**
   * Opens a socket at each address, all with the same port, or none at all.
   * With port 0 the system chooses one that is free at every address.
   */
  openAll(hostnames: readonly string[], port: number): readonly UdpSocket[] {
    for (let attempt = 1;; attempt++) {
      try {
        return this.#openAt(hostnames, port);
      } catch (error) {
        const retry = port === 0 && hostnames.length > 1 && error instanceof Deno.errors.AddrInUse;
        if (!retry || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Opens one more socket at a local address. */
  open(hostname: string, port = 0): UdpSocket {
    return this.#openAt([hostname], port)[0]!;
  }

  /** The socket that is bound to this address, if there is one. */
  find(hostname: string): UdpSocket | undefined {
    return this.#sockets.find((socket) => !socket.isClosed && socket.address.hostname === hostname);
  }

  /** Closes one socket and forgets it. */
  remove(socket: UdpSocket): void {
    socket.close();
    const index = this.#sockets.indexOf(socket);
    if (index >= 0) this.#sockets.splice(index, 1);
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  #openAt(hostnames: readonly string[], port: number): UdpSocket[] {
    const opened: UdpSocket[] = [];
    try {
      for (const hostname of hostnames) {
        const socket = openSocket(hostname, port);
        opened.push(socket);
        port = socket.address.port;
      }
    } catch (error) {
      for (const socket of opened) socket.close();
      throw error;
    }
    this.#sockets.push(...opened);
    return opened;
  }
}

function openSocket(hostname: string, port: number): UdpSocket {
  if (Deno.listenDatagram === undefined) {
    throw new Error(
      'Cannot open a UDP socket: run with --unstable-net, or put "unstable": ["net"] into deno.json',
    );
  }
  return UdpSocket.open(hostname, port);
}
