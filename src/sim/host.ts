// A host of the simulation: an endpoint, its ports, its timers.

import type { Ecn } from "../bytes/ecn.ts";
import type { Address } from "../path/address/address.ts";
import type { Port } from "../path/address/port.ts";
import type { Link } from "./link.ts";
import type { Network } from "./network.ts";
import type { SimPort } from "./sim_port.ts";

/** The doors of an endpoint; `Endpoint` of the implementation fits. */
export interface Doors<Connection> {
  /** When `expire` must be called; `Infinity` for never. */
  readonly deadline: number;
  /** A datagram arrived. */
  receive(datagram: Uint8Array, port: Port, remote: Address, now: number, mark?: Ecn): void;
  /** The next datagram to send, or nothing for now. */
  transmit(
    now: number,
  ):
    | { readonly port: Port; readonly size: number; readonly remote: Address; readonly mark: Ecn }
    | undefined;
  /** The deadline has come. */
  expire(now: number): void;
  /** A connection that a peer opened. */
  nextConnection(): Connection | undefined;
  /** A connection that has events. */
  nextActive(): Connection | undefined;
  /** The application may have done something with any connection. */
  touch(): void;
}

/** An endpoint with its ports in the simulated network. Its processor is infinitely fast. */
export class Host<Connection> {
  /** Its name in messages. */
  readonly name: string;
  /** The endpoint; a test replaces it to restart a server. */
  endpoint: Doors<Connection>;
  /** Its open ports. */
  readonly ports: SimPort[] = [];
  /** A peer opened a connection. */
  onConnection: (connection: Connection) => void = () => {};
  /** A connection has events. */
  onActive: (connection: Connection) => void = () => {};
  /** Asked after everything else; says whether it did something. For scripted applications. */
  onIdle: () => boolean = () => false;
  /** Whether the application may do something with any connection whenever something happens. */
  isScripted = true;
  /** Timeouts of a second that may lead to nothing: schedulers ask again every millisecond or two. */
  mostIdleTimeouts = 700;
  /** Something happened that the endpoint may want to answer. */
  isTouched = true;

  /** Whether it stands still. */
  isStopped = false;
  readonly #network: Network;
  /** What came meanwhile. */
  readonly #waiting: (() => void)[] = [];
  /** Timeouts that led to nothing, and since when they are counted. */
  #idleTimeouts = 0;
  #countedFrom = 0;

  /** Makes a host without ports. */
  constructor(name: string, network: Network, endpoint: Doors<Connection>) {
    this.name = name;
    this.endpoint = endpoint;
    this.#network = network;
  }

  /** Something happened that the endpoint may want to answer. */
  touch(): void {
    this.isTouched = true;
  }

  /** Hears of connections that have events, in place of the listener before, which is returned. */
  hearActive(listener: (connection: Connection) => void): (connection: Connection) => void {
    const before = this.onActive;
    this.onActive = listener;
    return before;
  }

  /** Hears of connections that peers opened, in place of the listener before. */
  hearConnections(listener: (connection: Connection) => void): (connection: Connection) => void {
    const before = this.onConnection;
    this.onConnection = listener;
    return before;
  }

  /** Opens a port at an address, behind a link or directly in the network. */
  open(hostname: string, port: number, link?: Link): SimPort {
    const address: Address = { transport: "udp", hostname, port };
    const opened = this.#network.port(address, (datagram, at, remote, mark) => {
      const receive = () => this.endpoint.receive(datagram, at, remote, this.#network.now, mark);
      if (this.isStopped) return void this.#waiting.push(receive);
      this.isTouched = true;
      receive();
    }, link);
    this.ports.push(opened);
    return opened;
  }

  /** Stands still, as a process that is stopped: what comes waits in its sockets. */
  stop(): void {
    this.isStopped = true;
  }

  /** Goes on, and looks at its sockets first. */
  continue(): void {
    this.isStopped = false;
    this.isTouched = true;
    for (const receive of this.#waiting.splice(0)) receive();
  }

  /** Lets the endpoint do all it wants to do now. */
  step(): void {
    const { now } = this.#network;
    if (this.isTouched && this.isScripted) this.endpoint.touch();
    this.isTouched = false;
    const isDue = this.endpoint.deadline <= now;
    if (isDue) this.endpoint.expire(now);
    let busy = true;
    for (let round = 0; busy; round++) {
      if (round > 10_000) throw new Error(`${this.name} never comes to rest at ${now} ms`);
      busy = this.#dispatch();
      busy = this.#transmit(now) || busy;
      busy = this.onIdle() || busy;
      if (isDue && round === 0 && !busy) this.#noteIdleTimeout(now);
    }
  }

  /** Timers that are due again and again, and for nothing, keep a processor busy. */
  #noteIdleTimeout(now: number): void {
    if (now - this.#countedFrom >= 1_000) {
      this.#countedFrom = now;
      this.#idleTimeouts = 0;
    }
    if (++this.#idleTimeouts > this.mostIdleTimeouts) {
      throw new Error(`${this.name} looks at its timers in vain all the time at ${now} ms`);
    }
  }

  #dispatch(): boolean {
    let busy = false;
    for (let next; (next = this.endpoint.nextConnection()) !== undefined; busy = true) {
      this.onConnection(next);
    }
    for (let next; (next = this.endpoint.nextActive()) !== undefined; busy = true) {
      this.onActive(next);
    }
    return busy;
  }

  #transmit(now: number): boolean {
    let count = 0;
    for (let out; (out = this.endpoint.transmit(now)) !== undefined;) {
      if (++count > 100_000) throw new Error(`${this.name} never stops sending at ${now} ms`);
      (out.port as SimPort).send(out.size, out.remote, out.mark);
    }
    return count > 0;
  }
}
