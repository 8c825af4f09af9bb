// The connections of a server over TCP: how many there are, and how long they may do nothing.

import type { Socket } from "node:net";
import { siteOf } from "../bytes/ip_prefix.ts";

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
  /** Addresses that stand for many clients, such as those of balancers: only all of them count. */
  isExempt?: (hostname: string) => boolean;
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
}

/** Milliseconds between two looks for connections that have had their time. */
const INTERVAL = 1_000;

/** One connection. */
export class Guest {
  readonly #socket: Socket;
  /** The group that it counts for. */
  readonly group: string;
  #exchanges = 0;
  #idleSince = performance.now();

  constructor(socket: Socket, group: string) {
    this.#socket = socket;
    this.group = group;
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
  readonly #limits: Required<TcpServerLimits>;
  readonly #guests = new Map<string, Guest>();
  readonly #perGroup = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor({ connections = 1_024, perAddress = 64, ...times }: TcpServerLimits) {
    const { idle = 30_000, stall = 60_000, isExempt = () => false } = times;
    this.#limits = { connections, perAddress, idle, stall, isExempt };
    this.#timer = setInterval(() => this.#endIdle(), Math.min(INTERVAL, idle));
  }

  /** How many there are. */
  get size(): number {
    return this.#guests.size;
  }

  /** What may be taken up. */
  get limits(): Required<TcpServerLimits> {
    return this.#limits;
  }

  /** Takes a connection in, or ends it at once. */
  take(socket: Socket): void {
    const key = placeOf(socket);
    const { remoteAddress = "" } = socket;
    const group = siteOf(remoteAddress);
    const own = this.#perGroup.get(group) ?? 0;
    const { perAddress, isExempt } = this.#limits;
    const isGreedy = own >= perAddress && !isExempt(remoteAddress);
    const isFull = isGreedy || !this.#makeRoom(own);
    if (isFull) return void socket.destroy();
    const guest = new Guest(socket, group);
    this.#guests.set(key, guest);
    this.#perGroup.set(group, own + 1);
    socket.on("close", () => {
      if (this.#guests.get(key) === guest) this.#guests.delete(key);
      const left = this.#perGroup.get(group)! - 1;
      if (left > 0) this.#perGroup.set(group, left);
      else this.#perGroup.delete(group);
    });
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

  /** Where all places are taken, the group with the most makes room, by what it uses least. */
  #makeRoom(own: number): boolean {
    if (this.#guests.size < this.#limits.connections) return true;
    const [greediest, most] = [...this.#perGroup].reduce((a, b) => b[1] > a[1] ? b : a);
    if (own + 1 >= most) return false;
    const now = performance.now();
    let found: Guest | undefined;
    for (const guest of this.#guests.values()) {
      if (guest.group !== greediest) continue;
      if (found === undefined || guest.idleFor(now) > found.idleFor(now)) found = guest;
    }
    found?.end();
    return true;
  }

  #endIdle(): void {
    const now = performance.now();
    for (const guest of this.#guests.values()) {
      if (guest.idleFor(now) > this.#limits.idle) guest.end();
    }
  }
}

/** What tells a connection from others. */
type Ends = Pick<Socket, "remoteAddress" | "remotePort" | "localAddress" | "localPort">;

function placeOf({ remoteAddress, remotePort, localAddress, localPort }: Ends): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
