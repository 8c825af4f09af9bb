// A UDP socket of the system: runs of datagrams by one call, ECN marks, no fragments.

import type { Ecn } from "../../bytes/ecn.ts";
import type { Address } from "../../path/address/address.ts";
import { ETHERNET_DATAGRAM_SIZE, JUMBO_DATAGRAM_SIZE } from "../../path/network/mtu_discovery.ts";
import { monotonicNow } from "../clock.ts";
import { isUnspecified } from "../interfaces.ts";
import type { Socket, SocketCapabilities, SocketListener, SocketWishes } from "../socket.ts";
import {
  bindLater,
  boundAddress,
  openDescriptor,
  packetSizeTo,
  receiveBufferSize,
  tellLocalAddresses,
} from "./descriptor.ts";
import { Incoming, type OnSegment } from "./incoming.ts";
import type { Libc } from "./libc.ts";
import { type LocalPort, LocalPorts, type SharedSocket } from "./local_port.ts";
import { Outgoing } from "./outgoing.ts";
import { SLOT_COUNT, slotsOf } from "./outgoing_slab.ts";
import { type Pollable, Poller } from "./poller.ts";
import { Family, familyOfName, PeerTable } from "./socket_address.ts";
import { systemError } from "./system_error.ts";

/** So many failures to receive in a row, and the socket is taken to be broken. */
const MAX_FAILURES = 16;
/**
 * Slots of datagrams that leave in one turn of the event loop. Data of an application follow each
 * other in microtasks: without an end, nothing would be received meanwhile.
 */
const MAX_IN_TURN = 2 * SLOT_COUNT;

/** Bytes of the headers of IPv6 and UDP. */
const HEADERS = 48;

/** Milliseconds between two attempts to find an interface that is gone. */
const DEVICE_INTERVAL = 250;

const CAPABILITIES: SocketCapabilities = {
  segments: SLOT_COUNT,
  ecn: true,
  dontFragment: true,
  bindsDevice: true,
  packetInfo: true,
};

/** What the sockets of an isolate share: all that are made of the same library. */
class Shared {
  readonly incoming: Incoming;
  readonly poller: Poller;
  readonly peers: Readonly<Record<Family, PeerTable>> = {
    [Family.V4]: new PeerTable(Family.V4),
    [Family.V6]: new PeerTable(Family.V6),
  };

  constructor(libc: Libc) {
    this.incoming = new Incoming(libc);
    this.poller = new Poller(libc);
  }
}

const shared = new WeakMap<Libc, Shared>();

function sharedBy(libc: Libc): Shared {
  let parts = shared.get(libc);
  if (parts === undefined) shared.set(libc, parts = new Shared(libc));
  return parts;
}

/** One UDP socket of the system as a port. */
export class NativeSocket implements Socket, SharedSocket, Pollable {
  readonly address: Address;
  readonly capabilities: SocketCapabilities = CAPABILITIES;
  #device: string | undefined;
  readonly #libc: Libc;
  readonly #shared: Shared;
  readonly #peers: PeerTable;
  readonly #outgoing: Outgoing;
  /** The local addresses, of a socket that is bound to all of them and tells them apart. */
  readonly #locals: LocalPorts | undefined;
  readonly #onSegment: OnSegment;
  readonly #onMicrotask: () => void;
  readonly #closed = Promise.withResolvers<void>();
  #descriptor: number;
  #listener: SocketListener | undefined;
  /** Slots of datagrams that may still leave in this turn; 0 or less for none. */
  #left = MAX_IN_TURN;
  #failures = 0;
  /** Whether slots are flushed in a microtask. */
  #isDue = false;
  /** Whether the next turn is awaited. */
  #awaitsTurn = false;
  /** Whether the system has no room for what waits. */
  #isBlocked = false;
  /** Whether the socket keeps the process. */
  #isRef = true;
  #isClosed = false;
  /** When the interface was looked for last. */
  #lookedAt = -Infinity;

  private constructor(
    libc: Libc,
    descriptor: number,
    family: Family,
    device: string | undefined,
    tellsLocal: boolean,
  ) {
    const address = boundAddress(libc, descriptor);
    this.#libc = libc;
    this.#shared = sharedBy(libc);
    this.#peers = this.#shared.peers[family];
    this.#descriptor = descriptor;
    this.#device = device;
    this.address = address;
    this.#outgoing = new Outgoing(
      libc,
      descriptor,
      this.#peers,
      (remote, error, from) => {
        if (this.#isClosed) return;
        this.#findDevice();
        this.#listener?.onUnreachable(from ?? this, remote, error);
      },
    );
    this.#locals = tellsLocal ? new LocalPorts(this) : undefined;
    this.#onSegment = (datagram, remote, mark, local) => {
      this.#listener!.onDatagram(datagram, local ?? this, remote, mark);
      return !this.#isClosed;
    };
    this.#onMicrotask = () => {
      this.#isDue = false;
      if (!this.#isClosed && !this.#isBlocked) this.#flush();
    };
  }

  /**
   * Opens a socket at a local address; port 0 lets the system choose one.
   *
   * @param wishes The interface by which all datagrams leave and come, and so on.
   * @throws What `Deno.listenDatagram` throws where the system refuses.
   */
  static open(libc: Libc, hostname: string, port: number, wishes: SocketWishes = {}): NativeSocket {
    const descriptor = openDescriptor(libc, hostname, port, wishes.device);
    return NativeSocket.#over(libc, descriptor, hostname, wishes);
  }

  /** A socket over a descriptor, which is closed if that fails. */
  static #over(
    libc: Libc,
    descriptor: number,
    hostname: string,
    { device, tellsLocal }: SocketWishes,
  ): NativeSocket {
    try {
      const family = familyOfName(hostname);
      const tells = tellsLocal === true && isUnspecified(hostname) &&
        tellLocalAddresses(libc, descriptor, family);
      return new NativeSocket(libc, descriptor, family, device, tells);
    } catch (error) {
      libc.close(descriptor);
      throw error;
    }
  }

  /**
   * A socket that another thread has opened and keeps: what is closed here is a descriptor only.
   *
   * @throws What the system says if there is no descriptor left.
   */
  static borrow(
    libc: Libc,
    descriptor: number,
    hostname: string,
    wishes: SocketWishes = {},
  ): NativeSocket {
    const own = libc.duplicate(descriptor);
    if (own < 0) throw systemError(libc.errno);
    return NativeSocket.#over(libc, own, hostname, wishes);
  }

  get buffer(): Uint8Array | undefined {
    if (this.#isClosed || this.#isBlocked || this.#left <= 0) return undefined;
    this.#flushSoon();
    return this.#outgoing.buffer;
  }

  get largeBuffer(): Uint8Array | undefined {
    return this.buffer && this.#outgoing.largeBuffer;
  }

  largestTo(remote: Address, from: string = this.address.hostname): number {
    const size = packetSizeTo(this.#libc, remote, from, this.#device) - HEADERS;
    // What ICMP has made the system believe (RFC 9000, Section 14.2.1) is not believed.
    return Math.max(ETHERNET_DATAGRAM_SIZE, Math.min(size, JUMBO_DATAGRAM_SIZE));
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Calls of the system so far that sent something. */
  get sendCalls(): number {
    return this.#outgoing.calls;
  }

  /** Bytes that the system lets wait to be received. */
  get receiveBufferSize(): number {
    return receiveBufferSize(this.#libc, this.#descriptor);
  }

  send(size: number, to: Address, mark: Ecn, destination?: Uint8Array): void {
    this.sendFrom(undefined, size, to, mark, destination);
  }

  sendFrom(
    port: LocalPort | undefined,
    size: number,
    to: Address,
    mark: Ecn,
    destination: Uint8Array | undefined,
  ): void {
    if (this.#isClosed || this.#isBlocked || this.#left <= 0) return;
    this.#left -= slotsOf(size);
    this.#flushSoon();
    const isFull = this.#outgoing.add(size, to, mark, destination, port);
    if (this.#left <= 0) this.#awaitTurn();
    if (isFull) this.#flush();
  }

  get isBound(): boolean {
    return this.#device !== undefined;
  }

  bindTo(device: string): void {
    if (this.#isClosed || this.isBound) return;
    if (bindLater(this.#libc, this.#descriptor, device)) this.#device = device;
  }

  portAt(hostname: string): LocalPort | undefined {
    return this.#locals?.at(hostname);
  }

  listen(listener: SocketListener): Promise<void> {
    this.#listener = listener;
    if (!this.#isClosed) this.#await();
    return this.#closed.promise;
  }

  ref(): void {
    this.#isRef = true;
    this.#shared.poller.ref(this);
  }

  unref(): void {
    this.#isRef = false;
    this.#shared.poller.unref(this);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#outgoing.flush();
    this.#outgoing.release();
    this.#isClosed = true;
    // The thread that may be waiting knows the descriptor of the poller only.
    this.#shared.poller.remove(this).then(this.#closed.resolve);
    this.#libc.close(this.#descriptor);
  }

  onReadable(): boolean {
    if (this.#isClosed) return false;
    const received = this.#shared.incoming.receive(
      this.#descriptor,
      this.#peers,
      this.#onSegment,
      this.#locals,
    );
    if (received !== "failed") {
      this.#failures = 0;
      return received === "some";
    }
    // An ICMP message may fail one call to receive; a broken socket fails all of them.
    if (++this.#failures > MAX_FAILURES && !this.#isClosed) {
      const error = systemError(this.#shared.incoming.errno);
      this.close();
      for (const port of this.#locals?.all ?? []) this.#listener?.onBroken(port, error);
      this.#listener?.onBroken(this, error);
    }
    return false;
  }

  onWritable(): void {
    if (!this.#isBlocked) return;
    this.#isBlocked = false;
    this.#shared.poller.awaitRoom(this, false);
    this.#flush();
    if (!this.#isBlocked && this.#left > 0) this.#listener?.onFree(this);
  }

  onTurn(): void {
    this.#awaitsTurn = false;
    const waited = this.#left <= 0;
    this.#left = MAX_IN_TURN;
    if (waited && !this.#isBlocked) this.#listener?.onFree(this);
  }

  /**
   * Binds to the interface again: one that is made again, like that of a modem plugged in, is
   * another one to the system, whatever its name. Peers see the same address and port.
   */
  #findDevice(): void {
    const now = monotonicNow();
    if (this.#device === undefined || now - this.#lookedAt < DEVICE_INTERVAL) return;
    this.#lookedAt = now;
    const { hostname, port } = this.address;
    let descriptor: number;
    try {
      descriptor = openDescriptor(this.#libc, hostname, port, this.#device);
    } catch {
      // The interface or its address is not back, or it was never away: then the port is taken.
      return;
    }
    const { poller } = this.#shared;
    const isListening = this.#listener !== undefined;
    if (isListening) poller.remove(this);
    this.#libc.close(this.#descriptor);
    this.#descriptor = descriptor;
    this.#outgoing.use(descriptor);
    this.#isBlocked = false;
    if (isListening) this.#await();
  }

  /** Waits for what comes; a system that cannot gets its descriptor back. */
  #await(): void {
    const { poller } = this.#shared;
    try {
      poller.add(this);
    } catch (error) {
      this.close();
      throw error;
    }
    if (!this.#isRef) poller.unref(this);
  }

  /** Slots that were lent, filled or not, go their way in a microtask. */
  #flushSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(this.#onMicrotask);
  }

  #awaitTurn(): void {
    if (this.#awaitsTurn) return;
    this.#awaitsTurn = true;
    this.#shared.poller.awaitTurn(this);
  }

  #flush(): void {
    if (!this.#outgoing.holds) return;
    const { calls } = this.#outgoing;
    if (this.#outgoing.flush() === "blocked") {
      this.#isBlocked = true;
      this.#shared.poller.awaitRoom(this, true);
    } else if (this.#outgoing.calls > calls) {
      this.#shared.poller.onSent();
    }
  }
}
