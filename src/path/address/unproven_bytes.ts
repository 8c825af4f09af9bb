// Limits what is sent to addresses that are not proven.

import {
  MAX_UNPROVEN_BYTES,
  MAX_UNPROVEN_BYTES_PER_HOST,
  MAX_UNPROVEN_HOSTS,
  UNPROVEN_PERIOD,
} from "../../limits/limits.ts";
import type { Address } from "./address.ts";

/**
 * Bytes that a connection may send to addresses which have not proven to belong to the peer. Each
 * address may get three times what came from it; without this limit, a peer that names many
 * addresses could direct a lot of traffic to others (MPQUIC, Section 7.2).
 */
export class UnprovenBytes {
  readonly #hosts: UnprovenHosts | undefined;
  readonly #spent = new Spent();
  #now = 0;

  /** @param hosts What all connections of the endpoint share. */
  constructor(hosts?: UnprovenHosts) {
    this.#hosts = hosts;
  }

  /** Time goes on, and with it comes back what was spent. */
  advance(now: number): void {
    this.#now = now;
  }

  /** How much may be sent to an address now, in whole bytes. */
  room({ hostname }: Address): number {
    const own = MAX_UNPROVEN_BYTES - this.#spent.at(MAX_UNPROVEN_BYTES, this.#now);
    const shared = this.#hosts?.room(hostname, this.#now) ?? Infinity;
    return Math.max(0, Math.floor(Math.min(own, shared)));
  }

  /** A datagram went to an address. */
  take({ hostname }: Address, size: number): void {
    this.#spent.add(size, MAX_UNPROVEN_BYTES, this.#now);
    this.#hosts?.add(hostname, size, this.#now);
  }

  /** An address is proven after all: what went there counts no longer. */
  giveBack({ hostname }: Address, size: number): void {
    this.#spent.add(-size, MAX_UNPROVEN_BYTES, this.#now);
    this.#hosts?.add(hostname, -size, this.#now);
  }
}

/**
 * The same for each host, over all connections of an endpoint: a victim gets no more traffic if
 * many connections name it. If there are very many hosts, those named longest ago are forgotten.
 */
export class UnprovenHosts {
  readonly #hosts = new Map<string, Spent>();

  /** How many hosts are remembered. */
  get size(): number {
    return this.#hosts.size;
  }

  /** How much may be sent to a host now. */
  room(hostname: string, now: number): number {
    const spent = this.#hosts.get(hostname)?.at(MAX_UNPROVEN_BYTES_PER_HOST, now) ?? 0;
    return MAX_UNPROVEN_BYTES_PER_HOST - spent;
  }

  /** Bytes went to a host, or count no longer. */
  add(hostname: string, size: number, now: number): void {
    let spent = this.#hosts.get(hostname);
    if (spent === undefined) {
      if (size <= 0) return;
      if (this.#hosts.size >= MAX_UNPROVEN_HOSTS) this.#forgetOldest();
      this.#hosts.set(hostname, spent = new Spent());
    }
    spent.add(size, MAX_UNPROVEN_BYTES_PER_HOST, now);
    if (spent.isNothing) this.#hosts.delete(hostname);
  }

  #forgetOldest(): void {
    for (const hostname of this.#hosts.keys()) {
      this.#hosts.delete(hostname);
      return;
    }
  }
}

/** Bytes spent, of which a whole limit comes back in a period. */
class Spent {
  #bytes = 0;
  #at = 0;

  get isNothing(): boolean {
    return this.#bytes === 0;
  }

  at(limit: number, now: number): number {
    const back = Math.max(0, now - this.#at) * limit / UNPROVEN_PERIOD;
    return Math.max(0, this.#bytes - back);
  }

  add(size: number, limit: number, now: number): void {
    this.#bytes = Math.max(0, this.at(limit, now) + size);
    this.#at = Math.max(this.#at, now);
  }
}
