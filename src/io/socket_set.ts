// The sockets of one endpoint.

import type { Address } from "../path/address/address.ts";
import { socketOpener } from "./open_socket.ts";
import type { OpenSocket, Socket, SocketWishes } from "./socket.ts";

/** How many ports are tried to find one that is free on all addresses. */
const ATTEMPTS = 20;

/** One socket per local address. */
export class SocketSet {
  readonly #sockets: Socket[] = [];
  readonly #open: OpenSocket;

  /** @param open Opens one socket. */
  constructor(open: OpenSocket = socketOpener()) {
    this.#open = open;
  }

  /** The open sockets. */
  get sockets(): readonly Socket[] {
    return this.#sockets;
  }

  /** Where they are bound. */
  get addresses(): readonly Address[] {
    return this.#sockets.map((socket) => socket.address);
  }

  /**
   * Opens a socket at each address, all with the same port, or none at all.
   * With port 0 the system chooses one that is free at every address. Where a socket hears at all
   * addresses, it answers from the one that was asked.
   */
  openAll(hostnames: readonly string[], port: number): readonly Socket[] {
    for (let attempt = 1;; attempt++) {
      try {
        return this.#openAt(hostnames, port, { tellsLocal: true });
      } catch (error) {
        const retry = port === 0 && hostnames.length > 1 && error instanceof Deno.errors.AddrInUse;
        if (!retry || attempt === ATTEMPTS) throw error;
      }
    }
  }

  /** Opens one more socket at a local address. */
  open(hostname: string, port = 0): Socket {
    return this.#openAt([hostname], port)[0]!;
  }

  /** The socket that is bound to this address, if there is one. */
  find(hostname: string): Socket | undefined {
    return this.#sockets.find((socket) => !socket.isClosed && socket.address.hostname === hostname);
  }

  /**
   * Binds sockets to interfaces that were left to the routes, if they are to be bound by now.
   *
   * @param deviceFor The interface for a local address; undefined leaves a socket to the routes.
   * @returns Whether some are left to the routes still.
   */
  bind(deviceFor: (hostname: string) => string | undefined): boolean {
    let areLeft = false;
    for (const socket of this.#sockets) {
      if (socket.bindTo === undefined || socket.isBound) continue;
      const device = deviceFor(socket.address.hostname);
      if (device !== undefined) socket.bindTo(device);
      if (!socket.isBound) areLeft = true;
    }
    return areLeft;
  }

  /** Closes one socket and forgets it. */
  remove(socket: Socket): void {
    socket.close();
    const index = this.#sockets.indexOf(socket);
    if (index >= 0) this.#sockets.splice(index, 1);
  }

  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  #openAt(hostnames: readonly string[], port: number, wishes?: SocketWishes): Socket[] {
    const opened: Socket[] = [];
    try {
      for (const hostname of hostnames) {
        const socket = this.#open(hostname, port, wishes);
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
