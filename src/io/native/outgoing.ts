// The way out of one socket: runs of datagrams, and what to do where the system refuses them.

import type { Ecn } from "../../bytes/ecn.ts";
import type { Address } from "../../path/address/address.ts";
import { Errno, type Libc } from "./libc.ts";
import type { LocalPort } from "./local_port.ts";
import { OutgoingSlab } from "./outgoing_slab.ts";
import { familyOfName, type PeerTable } from "./socket_address.ts";
import { systemError } from "./system_error.ts";

/** Errors that say nothing about the way to the peer: the datagram is lost, that is all. */
const PASSING: ReadonlySet<number> = new Set([
  Errno.ENOBUFS,
  Errno.ENOMEM,
  Errno.EMSGSIZE,
]);

/** Slabs that no socket uses. Each socket that sends has one, so that its runs stay whole. */
const idle: OutgoingSlab[] = [];
let made = 0;

/** How many slabs there are, idle or not. */
export function slabsMade(): number {
  return made;
}

/** What becomes of datagrams that wait. */
export type Flushed = "done" | "blocked";

/** Tells that nothing can be sent to an address, from one of the ports if the socket has several. */
export type OnUnreachable = (remote: Address, error: Error, from?: LocalPort) => void;

/** The datagrams that wait at one socket. Slots are lent while there are any, and shared otherwise. */
export class Outgoing {
  readonly #libc: Libc;
  #descriptor: number;
  readonly #peers: PeerTable;
  readonly #onUnreachable: OnUnreachable;
  #slab: OutgoingSlab | undefined;
  /** Whether the device of this socket takes runs. */
  #takesRuns = true;
  #calls = 0;

  constructor(libc: Libc, descriptor: number, peers: PeerTable, onUnreachable: OnUnreachable) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.#peers = peers;
    this.#onUnreachable = onUnreachable;
  }

  /** Whether it holds slots, be they empty: they must be flushed, to be given back. */
  get holds(): boolean {
    return this.#slab !== undefined;
  }

  /** Calls of the system so far that sent something. */
  get calls(): number {
    return this.#calls;
  }

  /** From now on, the datagrams leave by another descriptor of the socket. */
  use(descriptor: number): void {
    this.#descriptor = descriptor;
  }

  /** The next slot; undefined if all are full. */
  get buffer(): Uint8Array | undefined {
    return this.#lent.buffer;
  }

  /** The same with room for a jumbo datagram. */
  get largeBuffer(): Uint8Array | undefined {
    return this.#lent.largeBuffer;
  }

  /** The next slot holds a datagram; says whether all are full now. */
  add(
    size: number,
    to: Address,
    mark: Ecn,
    destination: Uint8Array | undefined,
    from?: LocalPort,
  ): boolean {
    const slab = this.#lent;
    slab.add(size, to, mark, destination, from);
    return slab.isFull;
  }

  get #lent(): OutgoingSlab {
    return this.#slab ??= idle.pop() ?? this.#make();
  }

  #make(): OutgoingSlab {
    made++;
    return new OutgoingSlab(this.#libc);
  }

  /** Sends what waits, unless the system has no room for it. */
  flush(): Flushed {
    const slab = this.#slab;
    if (slab === undefined) return "done";
    while (!slab.isEmpty) {
      if (!this.#sendRun(slab, this.#takesRuns ? slab.runLength() : 1)) return "blocked";
    }
    this.release();
    return "done";
  }

  /** Gives the slots back. What still waits in them is lost. */
  release(): void {
    const slab = this.#slab;
    if (slab === undefined) return;
    this.#slab = undefined;
    while (!slab.isEmpty) slab.drop(1);
    idle.push(slab);
  }

  /** Sends so many datagrams; says whether they are done with. */
  #sendRun(slab: OutgoingSlab, count: number): boolean {
    const remote = slab.remote!;
    const { origin } = slab;
    const peer = this.#peers.at(remote);
    if (peer === undefined) {
      slab.drop(count);
      this.#onUnreachable(remote, systemError(Errno.EAFNOSUPPORT), origin);
      return true;
    }
    const family = familyOfName(peer.address.hostname);
    const errno = slab.send(this.#libc, this.#descriptor, count, peer.name, family);
    if (errno === 0) this.#calls++;
    if (errno === Errno.EAGAIN) return false;
    if (errno === Errno.EINTR) return true;
    if (count > 1 && this.#isForRuns(errno)) {
      for (let i = 0; i < count; i++) if (!this.#sendRun(slab, 1)) return false;
      return true;
    }
    slab.drop(count);
    if (errno !== 0 && !PASSING.has(errno)) {
      this.#onUnreachable(remote, systemError(errno), origin);
    }
    return true;
  }

  /**
   * Whether an error may be due to the run rather than to its datagrams. The device says EIO if it
   * cannot compute checksums, which never changes; the others are about the size of the segments.
   */
  #isForRuns(errno: number): boolean {
    if (errno === Errno.EIO) this.#takesRuns = false;
    return errno === Errno.EIO || errno === Errno.EINVAL || errno === Errno.EMSGSIZE;
  }
}
