// The network of the simulation: which link a datagram takes.

import { Ecn } from "../bytes/ecn.ts";
import type { Address } from "../path/address/address.ts";
import { EventQueue } from "./event_queue.ts";
import { Link, type LinkOptions } from "./link.ts";
import type { DropCause, Flight } from "./pipe.ts";
import { SeededRandom } from "./seeded_random.ts";
import { type PortNetwork, type Receiver, SimPort } from "./sim_port.ts";
import { TraceHash } from "./trace_hash.ts";

/** Hears of every datagram: when it is sent, when it arrives, and when it is dropped. */
export type Capture = (
  time: number,
  event: "send" | "deliver" | "drop",
  from: Address,
  to: Address,
  data: Uint8Array,
  cause?: DropCause | "unreachable",
) => void;

/**
 * Interfaces joined by links, in virtual time. A datagram passes the link of the interface it
 * leaves (if that has one), then the link of the interface it is meant for, as in the testbed:
 * the client's address decides the link, whichever address of the server it talks to.
 */
export class Network implements PortNetwork {
  /** What happens, in the order of its time. */
  readonly events: EventQueue = new EventQueue();
  /** Where all chance of the network comes from. */
  readonly random: SeededRandom;
  /** Sums up all datagrams that were delivered. */
  readonly trace: TraceHash = new TraceHash();
  /** Sees every datagram when set. */
  capture: Capture | undefined;
  /** All links. */
  readonly links: Link[] = [];
  /** Every port by the address under which the world knows it now. */
  readonly #public = new Map<string, SimPort>();

  /** Makes a network without links and ports. */
  constructor(seed: number | string) {
    this.random = new SeededRandom(seed, "network");
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.events.now;
  }

  /** Adds a link; attach interfaces to it with `port`. */
  link(options: LinkOptions = {}): Link {
    const link = new Link(this.events, this.random.fork(`link ${this.links.length}`), options);
    const onDrop = (flight: Flight, cause: DropCause) => this.#dropped(flight as Datagram, cause);
    link.upward.join((flight) => this.#cross(flight as Datagram), onDrop);
    link.downward.join((flight) => this.#arrive(flight as Datagram), onDrop);
    this.links.push(link);
    return link;
  }

  /** Opens a port at an address, behind a link or directly in the middle of the network. */
  port(address: Address, receiver: Receiver, link?: Link): SimPort {
    const port = new SimPort(this, address, receiver, link);
    this.publish(port, address);
    return port;
  }

  /** Makes a port known under an address (and no longer under the one before it). */
  publish(port: SimPort, address: Address): void {
    if (this.#public.get(keyOf(port.publicAddress)) === port) {
      this.#public.delete(keyOf(port.publicAddress));
    }
    const key = keyOf(address);
    if (this.#public.has(key)) throw new RangeError(`Cannot use ${key} twice`);
    port.appearAs(address);
    this.#public.set(key, port);
  }

  /** Takes a port out of the network; what flies towards it is lost. */
  remove(port: SimPort): void {
    this.#public.delete(keyOf(port.publicAddress));
  }

  /** Sends a copy of a datagram; `SimPort.send` calls it. */
  send(port: SimPort, data: Uint8Array, to: Address, mark: Ecn = Ecn.NotEct): void {
    const datagram = new Datagram(port, to, data.slice(), mark);
    this.capture?.(this.now, "send", port.address, to, datagram.data);
    if (port.link) port.link.upward.push(datagram);
    else this.#cross(datagram);
  }

  /** Sends a datagram with a forged source address, as an attacker does. */
  inject(data: Uint8Array, from: Address, to: Address): void {
    this.#cross(new Datagram(undefined, to, data.slice(), Ecn.NotEct, from));
  }

  /** In the middle: translates the source address and finds the way to the destination. */
  #cross(datagram: Datagram): void {
    if (datagram.sender) datagram.from = datagram.sender.publicAddress;
    const target = this.#public.get(keyOf(datagram.to));
    if (!target) return this.#dropped(datagram, "unreachable");
    datagram.target = target;
    if (target.link) target.link.downward.push(datagram);
    else this.events.call(this.now, () => this.#arrive(datagram));
  }

  #arrive(datagram: Datagram): void {
    const { target, from, to, data } = datagram;
    if (!target || target.isClosed) return this.#dropped(datagram, "unreachable");
    this.trace.add(this.now, from, to, data);
    this.capture?.(this.now, "deliver", from, to, data);
    const mark = target.capabilities.ecn ? datagram.mark : Ecn.NotEct;
    target.receiver(data, target, from, mark);
  }

  #dropped(datagram: Datagram, cause: DropCause | "unreachable"): void {
    this.capture?.(this.now, "drop", datagram.from, datagram.to, datagram.data, cause);
  }
}

/** UDP and IP header bytes in front of every datagram. */
export function overheadOf(address: Address): number {
  return address.hostname.includes(":") ? 48 : 28;
}

class Datagram implements Flight {
  readonly sender: SimPort | undefined;
  readonly to: Address;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly wireSize: number;
  mark: Ecn;
  from: Address;
  target: SimPort | undefined;

  constructor(
    sender: SimPort | undefined,
    to: Address,
    data: Uint8Array<ArrayBuffer>,
    mark: Ecn,
    from: Address = sender!.publicAddress,
  ) {
    this.sender = sender;
    this.to = to;
    this.data = data;
    this.mark = mark;
    this.from = from;
    this.wireSize = data.length + overheadOf(to);
    this.target = undefined;
  }

  withData(data: Uint8Array<ArrayBuffer>): Datagram {
    const copy = new Datagram(this.sender, this.to, data, this.mark, this.from);
    copy.target = this.target;
    return copy;
  }
}

function keyOf(address: Address): string {
  return `${address.hostname} ${address.port}`;
}
