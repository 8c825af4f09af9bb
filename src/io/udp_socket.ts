// The portable socket: one UDP socket of the runtime, `Deno.listenDatagram`.

import type { Address } from "../path/address/address.ts";
import { ETHERNET_DATAGRAM_SIZE, JUMBO_DATAGRAM_SIZE } from "../path/network/mtu_discovery.ts";
import { isLoopback } from "./interfaces.ts";
import type { Socket, SocketCapabilities, SocketListener } from "./socket.ts";

/**
 * Bytes of an outgoing buffer: larger than any datagram that is built here, with room for jumbo
 * frames.
 */
const OUTGOING_SIZE = 9_216;
/** So many datagrams may be on their way to the system at once. */
const OUTGOING_COUNT = 16;
/** No datagram is larger than this. */
const INCOMING_SIZE = 65_535;

/**
 * Datagrams sent, with none received in between, until the socket listens. What the runtime can do at
 * once, it does without a turn of the event loop, so it would not hear what comes while there is
 * something to send; and the system drops what it has no room for.
 */
const SENDS_IN_A_ROW = 128;
/** Turns of the event loop after which the runtime (tokio) has asked the system what has come. */
const TURNS_TO_HEAR = 62;
/** Datagrams received until the event loop turns, for timers and all else that waits for a turn. */
const RECEIVES_PER_TURN = 256;

/** So many failures to receive in a row, and the socket is taken to be broken. */
const MAX_FAILURES = 16;

/** The runtime has a call for one datagram, and nothing beside it. */
const CAPABILITIES: SocketCapabilities = {
  segments: 1,
  ecn: false,
  dontFragment: false,
  bindsDevice: false,
  packetInfo: false,
};

/** Errors of a send that say nothing about the way to the peer: the datagram is lost, that is all. */
const PASSING: ReadonlySet<string> = new Set([
  "EAGAIN",
  "EWOULDBLOCK",
  "EINTR",
  "ENOBUFS",
  "ENOMEM",
  "EMSGSIZE",
]);

/**
 * One UDP socket as a port. It lends outgoing buffers until a few datagrams wait, and sends them one
 * after the other when they are all built.
 *
 * `Deno.DatagramConn.send` may read the buffer later than it returns, so the buffer is lent again
 * only when the promise has resolved, and datagrams keep their order only if each waits for the one
 * before. Sending in batches is cheaper by half: a receiver that sleeps must be woken, which takes
 * longer than the sending itself, and between datagrams that follow at once it does not fall asleep.
 *
 * Receiving into an own buffer saves 64 KiB per datagram.
 */
export class UdpSocket implements Socket {
  readonly address: Address;
  readonly capabilities: SocketCapabilities = CAPABILITIES;
  readonly #conn: Deno.DatagramConn;
  /** Made when they are first needed: a socket with little to send has one. */
  readonly #outgoing: Outgoing[] = [];
  readonly #incoming = new Uint8Array(INCOMING_SIZE);
  readonly #onBatch: () => void;
  readonly #onTurn: () => void;
  readonly #onSent: () => void;
  readonly #onSendFailed: (error: unknown) => void;
  /** Which datagram goes next, and how many wait from there on, round and round. */
  #first = 0;
  #waiting = 0;
  /** Whether the first of them is with the system. */
  #isSending = false;
  /** Datagrams sent since the socket listened or received one. */
  #sentInRow = 0;
  /** Turns of the event loop for which it has listened. */
  #turns = 0;
  #listener: SocketListener | undefined;
  #lastRemote: Address;
  #isClosed = false;

  /** Takes over an open socket. */
  constructor(conn: Deno.DatagramConn) {
    const { hostname, port } = conn.addr as Deno.NetAddr;
    this.#conn = conn;
    this.address = { transport: "udp", hostname, port };
    this.#lastRemote = this.address;
    this.#onBatch = () => this.#isClosed || this.#sendFirst();
    this.#onTurn = () => this.#turned();
    this.#onSent = () => this.#sent();
    this.#onSendFailed = (error) => this.#sendFailed(error);
  }

  /** Opens a socket at a local address; port 0 lets the system choose one. */
  static open(hostname: string, port: number): UdpSocket {
    return new UdpSocket(Deno.listenDatagram({ transport: "udp", hostname, port }));
  }

  get buffer(): Uint8Array | undefined {
    return this.#isClosed || this.#waiting === OUTGOING_COUNT ? undefined : this.#next.buffer;
  }

  /** The system cuts what is too large for a link into fragments; to itself it carries whole ones. */
  largestTo(remote: Address): number {
    return isLoopback(remote.hostname) ? JUMBO_DATAGRAM_SIZE : ETHERNET_DATAGRAM_SIZE;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends the first `size` bytes of the buffer, which is lent again when they are gone. */
  send(size: number, to: Address): void {
    if (this.#isClosed) return;
    const outgoing = this.#next;
    outgoing.size = size;
    outgoing.remote = to;
    if (this.#waiting++ === 0) queueMicrotask(this.#onBatch);
  }

  /** Receives until the socket is closed. Call it once. */
  async listen(listener: SocketListener): Promise<void> {
    this.#listener = listener;
    let failures = 0;
    for (let count = 1; !this.#isClosed; count++) {
      if (count % RECEIVES_PER_TURN === 0) await turnOfLoop();
      let result: [Uint8Array, Deno.Addr];
      try {
        result = await this.#conn.receive(this.#incoming);
      } catch (error) {
        if (this.#isClosed) return;
        // An ICMP message may fail one call to receive; a broken socket fails all of them.
        if (++failures <= MAX_FAILURES) continue;
        this.close();
        return listener.onBroken(this, error as Error);
      }
      failures = 0;
      this.#sentInRow = 0;
      listener.onDatagram(result[0], this, this.#remoteOf(result[1] as Deno.NetAddr));
    }
  }

  /** Waiting for datagrams keeps the process alive (the default). */
  ref(): void {
    if (!this.#isClosed) (this.#conn as Partial<Pick<Deno.Listener, "ref">>).ref?.();
  }

  /** Waiting for datagrams no longer keeps the process. */
  unref(): void {
    if (!this.#isClosed) (this.#conn as Partial<Pick<Deno.Listener, "unref">>).unref?.();
  }

  /** Closes the socket. Waiting datagrams are flushed on a best-effort basis. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const begun = this.#isSending ? 1 : 0;
    for (let i = begun; i < this.#waiting; i++) this.#hand(this.#first + i).catch(() => {});
    this.#conn.close();
  }

  /** The datagram that is lent. */
  get #next(): Outgoing {
    const index = (this.#first + this.#waiting) % OUTGOING_COUNT;
    return this.#outgoing[index] ??= makeOutgoing(this.address);
  }

  #sendFirst(): void {
    if (this.#sentInRow === SENDS_IN_A_ROW) {
      setImmediate(this.#onTurn);
      return;
    }
    this.#sentInRow++;
    this.#isSending = true;
    this.#hand(this.#first).then(this.#onSent, this.#onSendFailed);
  }

  #hand(index: number): Promise<number> {
    const { buffer, size, remote } = this.#outgoing[index % OUTGOING_COUNT]!;
    return this.#conn.send(buffer.subarray(0, size), remote);
  }

  /** Goes on with sending when a datagram has been received or none waits. */
  #turned(): void {
    if (this.#isClosed) return;
    if (++this.#turns === TURNS_TO_HEAR) this.#sentInRow = 0;
    if (this.#sentInRow === 0) this.#turns = 0;
    this.#sendFirst();
  }

  /** The first datagram is gone; returns whether it was the last. */
  #goOn(): boolean {
    this.#isSending = false;
    this.#waiting--;
    this.#first = this.#waiting === 0 ? 0 : (this.#first + 1) % OUTGOING_COUNT;
    if (this.#waiting === 0) return true;
    this.#sendFirst();
    return false;
  }

  #sent(): void {
    if (!this.#isClosed && this.#goOn()) this.#listener?.onFree(this);
  }

  #sendFailed(error: unknown): void {
    if (isPassing(error)) return this.#sent();
    if (this.#isClosed) return;
    const { remote } = this.#outgoing[this.#first]!;
    this.#goOn();
    this.#listener?.onUnreachable(this, remote, error as Error);
  }

  /** The same object for the same peer as long as no other peer sends: comparing is then cheap. */
  #remoteOf(from: Deno.NetAddr): Address {
    const last = this.#lastRemote;
    const { port } = from;
    const hostname = unmapped(from.hostname);
    if (last.port === port && last.hostname === hostname) return last;
    this.#lastRemote = { transport: "udp", hostname, port };
    return this.#lastRemote;
  }
}

/** A datagram on its way to the system. */
interface Outgoing {
  readonly buffer: Uint8Array;
  size: number;
  remote: Address;
}

function makeOutgoing(remote: Address): Outgoing {
  return { buffer: new Uint8Array(OUTGOING_SIZE), size: 0, remote };
}

/** `192.0.2.1` for `::ffff:192.0.2.1`, as sockets for both families show IPv4 peers. */
function unmapped(hostname: string): string {
  return hostname.startsWith("::ffff:") && hostname.includes(".") ? hostname.slice(7) : hostname;
}

/** Resolves when the event loop has turned. */
function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isPassing(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && PASSING.has(code);
}
