// The place of a thread or a process among the workers of a server.

import type { Ecn } from "../bytes/ecn.ts";
import type { Address } from "../path/address/address.ts";

/** A socket that the thread may use, and another one keeps. */
export interface LentSocket {
  /** The local address. */
  readonly hostname: string;
  readonly port: number;
  readonly descriptor: number;
}

/** A datagram on its way to the worker that it names. */
export interface StrayDatagram {
  /** The worker whose connection it is for. */
  readonly worker: number;
  readonly bytes: Uint8Array;
  /** The local address that it came to. */
  readonly local: string;
  readonly remote: Address;
  readonly mark: Ecn;
  /** Whether there is no such worker any more, and the one that handed it on has it back. */
  readonly isOrphan?: boolean;
}

/** What a thread or a process is given to serve as one of several workers. */
export interface WorkerSeat {
  /** The number that its connection IDs name. */
  readonly number: number;
  readonly sockets: readonly LentSocket[];
  /** What all workers remember together, if they are threads of one crew: see `ReplayMemory`. */
  readonly replayMemory?: SharedArrayBuffer;
  /** Takes datagrams of other workers that came to this one; without, they are dropped. */
  readonly handOn?: (stray: StrayDatagram) => void;
}

/** There is one in a thread. */
let seat: WorkerSeat | undefined;

/** The thread is one of several workers from now on. */
export function takeSeat(given: WorkerSeat): void {
  seat = given;
}

/** The place of this thread, for a listener at a port. */
export function seatFor(port: number): WorkerSeat | undefined {
  return seat?.sockets.some((socket) => socket.port === port) ? seat : undefined;
}

/** The socket that was lent to this thread for an address. */
export function lentSocket(hostname: string, port: number): LentSocket | undefined {
  return seat?.sockets.find((socket) => socket.hostname === hostname && socket.port === port);
}

/** What takes datagrams that other workers handed on, and those without a worker. */
let hear: ((stray: StrayDatagram) => void) | undefined;

/** Takes datagrams that other workers hand on to this one, or that it handed on to one that is gone. */
export function hearStrays(listener: (stray: StrayDatagram) => void): void {
  hear = listener;
}

/** Another worker has handed on a datagram, or one has come back. */
export function deliverStray(stray: StrayDatagram): void {
  hear?.(stray);
}
