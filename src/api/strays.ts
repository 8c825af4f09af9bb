// Datagrams that came to one worker of a server and are for another.

import type { Ecn } from "../bytes/ecn.ts";
import { monotonicNow } from "../io/clock.ts";
import type { SendingPort } from "../io/socket.ts";
import type { SocketSet } from "../io/socket_set.ts";
import { hearStrays, type StrayDatagram, type WorkerSeat } from "../io/worker_seat.ts";
import { STRAYS_PER_SECOND } from "../limits/limits.ts";
import type { Address } from "../path/address/address.ts";
import type { Port } from "../path/address/port.ts";
import { Allowance } from "../path/network/allowance.ts";
import type { StrayStats } from "./stats/listener_stats.ts";

/** What takes datagrams in, as if they came from a socket. */
interface Receiver {
  readonly sockets: SocketSet;
  readonly endpoint: {
    receiveOrphan(datagram: Uint8Array, port: Port, remote: Address, now: number): void;
  };
  readonly driver: {
    onDatagram(datagram: Uint8Array, port: SendingPort, remote: Address, mark?: Ecn): void;
    wake(): void;
  };
}

/** Datagrams that came to one worker of a server and are for another, in both directions. */
export class Strays {
  readonly #seat: WorkerSeat;
  readonly #allowance = new Allowance(STRAYS_PER_SECOND);
  #handedOn = 0;
  #dropped = 0;

  constructor(seat: WorkerSeat) {
    this.#seat = seat;
  }

  get stats(): StrayStats {
    return { handedOn: this.#handedOn, dropped: this.#dropped };
  }

  /** Hands on a datagram, unless there are too many, or no way to its worker. */
  handOn(worker: number, datagram: Uint8Array, port: Port, remote: Address, mark: Ecn): void {
    const { handOn } = this.#seat;
    if (handOn === undefined || !this.#allowance.take(1_000, monotonicNow())) {
      this.#dropped++;
      return;
    }
    this.#handedOn++;
    const bytes = datagram.slice();
    handOn({ worker, bytes, local: port.address.hostname, remote, mark });
  }

  /** Takes in what others hand on, and what is for none of them. */
  receiveAt({ driver, endpoint, sockets }: Receiver): void {
    hearStrays(({ bytes, isOrphan, local, remote, mark }: StrayDatagram) => {
      const port = sockets.find(local) ?? portAt(sockets, local);
      if (port === undefined) return;
      if (!isOrphan) return driver.onDatagram(bytes, port, remote, mark);
      endpoint.receiveOrphan(bytes, port, remote, monotonicNow());
      driver.wake();
    });
  }
}

/** The port of a socket that is bound to all addresses. */
function portAt({ sockets }: SocketSet, hostname: string): SendingPort | undefined {
  for (const socket of sockets) {
    const port = socket.isClosed ? undefined : socket.portAt?.(hostname);
    if (port !== undefined) return port;
  }
  return undefined;
}
