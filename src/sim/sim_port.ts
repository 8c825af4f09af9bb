// A port of a simulated host.

import { Ecn } from "../bytes/ecn.ts";
import type { Address } from "../path/address/address.ts";
import type { Port, PortCapabilities } from "../path/address/port.ts";
import type { Link } from "./link.ts";

/** Takes a datagram that came to a port, with its ECN mark if the port tells it. */
export type Receiver = (datagram: Uint8Array, port: SimPort, remote: Address, mark: Ecn) => void;

/** What carries the datagrams of ports. */
export interface PortNetwork {
  /** Sends a copy of a datagram. */
  send(port: SimPort, data: Uint8Array, to: Address, mark: Ecn): void;
  /** A port is seen at another address from now on. */
  publish(port: SimPort, address: Address): void;
  /** A port is closed. */
  remove(port: SimPort): void;
}

/** A socket in the simulated network. Datagrams are copied on the way out. */
export class SimPort implements Port {
  readonly address: Address;
  /** The link it is behind, if any. */
  readonly link: Link | undefined;
  /** Takes what comes. */
  readonly receiver: Receiver;
  /** The source address that others see: another one than `address` behind a NAT. */
  publicAddress: Address;
  /** Whether it is closed. */
  isClosed = false;
  /** While set, sending fails as if the interface were gone, and the callback hears of it. */
  onSendError: ((remote: Address) => void) | undefined;

  readonly #network: PortNetwork;
  readonly #lent = new Uint8Array(65_535);
  #isBusy = false;
  #capabilities: PortCapabilities = { ecn: false };

  /** Makes a port; `Host.open` makes it known. */
  constructor(network: PortNetwork, address: Address, receiver: Receiver, link: Link | undefined) {
    this.#network = network;
    this.address = address;
    this.publicAddress = address;
    this.receiver = receiver;
    this.link = link;
  }

  /** Others see the port at this address from now on. */
  appearAs(address: Address): void {
    this.publicAddress = address;
  }

  get buffer(): Uint8Array | undefined {
    return this.#isBusy ? undefined : this.#lent;
  }

  get capabilities(): PortCapabilities {
    return this.#capabilities;
  }

  /** Sets and tells ECN marks from now on, which a socket of the runtime does not. */
  carryMarks(): void {
    this.#capabilities = { ecn: true };
  }

  /** A port that is blocked lends no buffer, as a socket does whose queue is full. */
  block(): void {
    this.#isBusy = true;
  }

  /** Lends its buffer again. */
  unblock(): void {
    this.#isBusy = false;
  }

  /** Sends the first `size` bytes of the buffer. The buffer is overwritten to catch late reads. */
  send(size: number, to: Address, mark: Ecn = Ecn.NotEct): void {
    if (this.#isBusy) throw new Error("Cannot send on a port that is busy");
    if (this.onSendError) this.onSendError(to);
    else if (!this.isClosed) this.#network.send(this, this.#lent.subarray(0, size), to, mark);
    this.#lent.fill(0xa5, 0, size);
  }

  /** A NAT in front of this port forgets its binding: from now on it has another address. */
  rebind(to: { hostname?: string; port?: number } = {}): Address {
    const {
      hostname = this.publicAddress.hostname,
      port = 10_000 + (this.publicAddress.port + 7_919) % 50_000,
    } = to;
    const address: Address = { transport: "udp", hostname, port };
    this.#network.publish(this, address);
    return address;
  }

  /** Takes the port out of the network. */
  close(): void {
    this.isClosed = true;
    this.#network.remove(this);
  }
}
