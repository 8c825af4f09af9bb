// The connections of a server over TCP: how many there are, and how long they may do nothing.

import type { Socket } from "node:net";
import { siteOf } from "../bytes/ip_prefix.ts";
import { Turns } from "./turns.ts";

/**
 * How much of a server over TCP clients may take up.
 *
 * @category HTTP/3
 */
export interface TcpServerLimits {
  /**
   * Connections in all.
   *
   * @default {1024}
   */
  connections?: number;
  /**
   * Connections of one address; of one /64 for IPv6, which is what a household gets.
   *
   * @default {64}
   */
  perAddress?: number;
  /**
   * Addresses that stand for many clients, such as those of balancers: only all of them count. An
   * address for which the function throws is none of these.
   */
  isExempt?: (hostname: string) => boolean;
  /**
   * Connections whose TLS handshake is not complete.
   *
   * @default {1024}
   */
  handshakes?: number;
  /**
   * Requests of one connection at a time, tunnels among them; requests beyond wait.
   *
   * @default {100, and 2048 tunnels}
   */
  requests?: number;
  /**
   * Milliseconds that a connection may be without a request, from its beginning and after the last
   * one. Requests of which only half has come do not count.
   *
   * @default {30000}
   */
  idle?: number;
  /**
   * Milliseconds that a client may let pass without taking any of a response, or without sending
   * any of the content of its request. Tunnels may be silent for any time.
   *
   * @default {60000}
   */
  stall?: number;
  /**
   * Bytes a second of each content, on average, that a client must send or take, from the tenth
   * second on that it is waited for. Tunnels may be as slow as they are.
   *
   * @default {0}
   */
  minBodyRate?: number;
}

/** The limits, with what holds where nothing was said. */
type Limits = Required<Omit<TcpServerLimits, "requests">> & Pick<TcpServerLimits, "requests">;

/** Milliseconds between two looks for connections that have had their time. */
const INTERVAL = 1_000;
/** Requests of one connection at a time. */
const MOST_REQUESTS = 100;

/** One connection. */
export class Guest {
  readonly #socket: Socket;
  /** The group that it counts for. */
  readonly group: string;
  /** The requests that are answered at a time. */
  readonly turns: Turns;
  /** The certificates that the client has shown, in DER, its own first. */
  certificates: readonly Uint8Array[] = [];
  /** The name that the client asked for, if any. */
  serverName: string | undefined;
  #exchanges = 0;
  #idleSince = performance.now();

  /** @param requests How many requests there may be at a time. */
  constructor(socket: Socket, group: string, requests: number) {
    this.#socket = socket;
    this.group = group;
    this.turns = new Turns(requests);
  }

  /** Requests that are being answered. */
  get exchanges(): number {
    return this.#exchanges;
  }

  /** Milliseconds without a request. */
  idleFor(now: number): number {
    return this.#exchanges > 0 ? 0 : now - this.#idleSince;
  }

  /** A request is being answered. */
  enter(): void {
    this.#exchanges++;
  }

  /** It has been answered. */
  leave(): void {
    this.#exchanges--;
    this.#idleSince = performance.now();
  }

  /** Ends the connection at once. */
  end(): void {
    this.#socket.destroy();
  }

  /** Resets it: the client gets no end that it could take for one in order. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

/** All connections. */
export class Guests {
  readonly #limits: Limits;
  readonly #guests = new Map<string, Guest>();
  /** Those whose handshake is not complete. */
  readonly #opening = new Set<Guest>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ connections = 1_024, perAddress = 64, ...more }: TcpServerLimits) {
    const { idle = 30_000, stall = 60_000, isExempt = () => false } = more;
    const { handshakes = 1_024, minBodyRate = 0 } = more;
    const own = { connections, perAddress, handshakes, idle, stall, minBodyRate, isExempt };
    this.#limits = { ...own, ...(more.requests !== undefined && { requests: more.requests }) };
    this.#timer = setInterval(() => this.#endIdle(), Math.min(INTERVAL, idle));
  }

  /** How many there are. */
  get size(): number {
    return this.#guests.size;
  }

  /** What may be taken up. */
  get limits(): Limits {
    return this.#limits;
  }

  /** Takes a connection in, or ends it at once. */
  take(socket: Socket): void {
    const key = placeOf(socket);
    const { remoteAddress = "" } = socket;
    const group = siteOf(remoteAddress);
    const { connections, handshakes, requests = MOST_REQUESTS } = this.#limits;
    // A client that cannot begin a handshake costs no other client its connection.
    const mayEnter = this.#isModest(group, remoteAddress) &&
      this.#makeRoom(this.#opening, handshakes, group) &&
      this.#makeRoom(this.#guests.values(), connections, group);
    if (!mayEnter) return void socket.destroy();
    const guest = new Guest(socket, group, requests);
    this.#guests.set(key, guest);
    this.#opening.add(guest);
    socket.on("close", () => this.#forget(key, guest));
  }

  /**
   * The handshake of a connection is complete.
   *
   * @param certificates Those that its client has shown.
   * @param serverName The name that its client has asked for, if any.
   */
  open(socket: Ends, certificates: readonly Uint8Array[], serverName: string | undefined): void {
    const guest = this.find(socket);
    if (guest === undefined) return;
    this.#opening.delete(guest);
    guest.certificates = certificates;
    guest.serverName = serverName;
  }

  /** The one that a connection with TLS belongs to; undefined if it has left. */
  find(socket: Ends): Guest | undefined {
    return this.#guests.get(placeOf(socket));
  }

  /** Ends those that have nothing under way, and all if that is said. */
  end(all: boolean): void {
    for (const guest of this.#guests.values()) {
      if (all || guest.idleFor(Infinity) > 0) guest.end();
    }
    if (all) clearInterval(this.#timer);
  }

  /** Whether the group may have one more. */
  #isModest(group: string, hostname: string): boolean {
    const { perAddress, isExempt } = this.#limits;
    if ((countsOf(this.#guests.values()).get(group) ?? 0) < perAddress) return true;
    try {
      return isExempt(hostname);
    } catch {
      return false; // the application cannot say so: the limit holds
    }
  }

  /** Where all places are taken, the group with the most makes room, by what it uses least. */
  #makeRoom(guests: Iterable<Guest>, places: number, group: string): boolean {
    const list = [...guests];
    if (list.length < places) return true;
    const counts = countsOf(list);
    const [greediest, most] = [...counts].reduce((a, b) => b[1] > a[1] ? b : a);
    if ((counts.get(group) ?? 0) + 1 >= most) return false;
    const now = performance.now();
    const found = list.filter((guest) => guest.group === greediest)
      .reduce((a, b) => b.idleFor(now) > a.idleFor(now) ? b : a);
    this.#opening.delete(found);
    found.end();
    return true;
  }

  #forget(key: string, guest: Guest): void {
    this.#opening.delete(guest);
    if (this.#guests.get(key) === guest) this.#guests.delete(key);
  }

  #endIdle(): void {
    const now = performance.now();
    for (const guest of this.#guests.values()) {
      if (guest.idleFor(now) > this.#limits.idle) guest.end();
    }
  }
}

/** How many of these belong to each group. */
function countsOf(guests: Iterable<Guest>): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { group } of guests) counts.set(group, (counts.get(group) ?? 0) + 1);
  return counts;
}

/** What tells a connection from others. */
type Ends = Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">;

function placeOf({ remoteAddress, remotePort, localAddress, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
