// Whose turn it is to send: connections that may have something, and those whose port is busy.

import { SmallSet } from "../bytes/small_set.ts";
import type { Port } from "../path/address/port.ts";
import { ETHERNET_DATAGRAM_SIZE } from "../path/network/mtu_discovery.ts";

/**
 * What a connection may send in its turn: 45 datagrams that Ethernet carries, or fewer larger ones.
 * Sockets can hand so many to the system by one call if they go to one peer, which then acknowledges
 * them together.
 */
const BURST = 45 * ETHERNET_DATAGRAM_SIZE;

/** What must be known of a connection. */
export interface TurnTaker {
  readonly paths: {
    readonly paths: readonly { readonly current: { readonly port: Port } }[];
  };
}

/**
 * Whose turn it is to send. Connections that may have something are asked one after the other, and
 * stand behind the others after a burst. One whose port is busy waits until that is free: to ask all
 * of them each time would cost a busy server all that it has.
 */
export class Turns<Taker extends TurnTaker> {
  /** Those that may have something to send, in turn. */
  readonly #active = new SmallSet<Taker>();
  /** By busy port, those that wait for it, with numbers that tell which one has waited longest. */
  readonly #waiting = new Map<Port, Map<Taker, number>>();
  #lastNumber = 0;
  /** Whose turn it is, and what it has sent in it: bytes, short datagrams as long as Ethernet's. */
  #current: Taker | undefined;
  #sent = 0;

  /** How many wait for a port; those that wait for several count at each. */
  get waiting(): number {
    let count = 0;
    for (const takers of this.#waiting.values()) count += takers.size;
    return count;
  }

  /** A connection may have something to send. */
  add(taker: Taker): void {
    this.#active.add(taker);
  }

  /** A connection is over. */
  delete(taker: Taker): void {
    this.rest(taker);
    for (const [port, takers] of this.#waiting) {
      if (takers.delete(taker) && takers.size === 0) this.#waiting.delete(port);
    }
  }

  /** Whether a connection has sent the last datagram, and its turn goes on. */
  isOn(taker: Taker): boolean {
    return taker === this.#current;
  }

  /** The connection to ask for a datagram. */
  next(): Taker | undefined {
    return this.#current ?? this.#longestWaiting() ?? this.#active.first;
  }

  /** A connection has sent a datagram of so many bytes: after a burst it stands behind the others. */
  onSent(taker: Taker, size: number): void {
    if (taker !== this.#current) this.#sent = 0;
    this.#current = taker;
    this.#sent += Math.max(size, ETHERNET_DATAGRAM_SIZE);
    if (this.#sent < BURST) return;
    this.#sent = 0;
    if (this.#active.size === 1 && this.#waiting.size === 0) return;
    this.#current = undefined;
    this.#active.delete(taker);
    this.#active.add(taker);
  }

  /** A connection has nothing to send for now. */
  rest(taker: Taker): void {
    if (this.#current === taker) this.#current = undefined;
    this.#active.delete(taker);
  }

  /**
   * A connection has nothing that it can send for now. If one of its ports is busy, it is asked again
   * when that is free.
   *
   * @returns Whether it waits for a port.
   */
  wait(taker: Taker): boolean {
    this.rest(taker);
    if (this.#waiting.size > 0) this.#leaveOthers(taker);
    let waits = false;
    for (const { current: { port } } of taker.paths.paths) {
      if (port.buffer !== undefined) continue;
      waits = true;
      let takers = this.#waiting.get(port);
      if (takers === undefined) this.#waiting.set(port, takers = new Map());
      // One that waits already keeps its place.
      if (!takers.has(taker)) takers.set(taker, ++this.#lastNumber);
    }
    return waits;
  }

  /** A connection does not wait for a port that it no longer uses, be it closed. */
  #leaveOthers(taker: Taker): void {
    for (const [port, takers] of this.#waiting) {
      if (!takers.has(taker) || isUsed(taker, port)) continue;
      takers.delete(taker);
      if (takers.size === 0) this.#waiting.delete(port);
    }
  }

  /** Nothing can be sent from a port any more: nothing waits for it. */
  forget(port: Port): void {
    this.#waiting.delete(port);
  }

  /** Of those whose port is free again, the one that has waited longest; it waits no longer. */
  #longestWaiting(): Taker | undefined {
    let longest: Taker | undefined;
    let earliest = Infinity;
    let free: Port | undefined;
    for (const [port, takers] of this.#waiting) {
      if (port.buffer === undefined) continue;
      for (const [taker, number] of takers) {
        if (number < earliest) [longest, earliest, free] = [taker, number, port];
        break;
      }
    }
    if (longest === undefined) return undefined;
    const takers = this.#waiting.get(free!)!;
    takers.delete(longest);
    if (takers.size === 0) this.#waiting.delete(free!);
    this.#active.add(longest);
    return longest;
  }
}

function isUsed({ paths }: TurnTaker, port: Port): boolean {
  return paths.paths.some(({ current }) => current.port === port);
}
