// The addresses at which a server says it can be reached.

import { formatIpAddress } from "../../bytes/ip_address.ts";
import { type Address, sameAddress } from "./address.ts";
import { isAddressAcceptable } from "./address_scope.ts";
import { ADDRESS_NEWS_PER_SECOND, MAX_ADDRESSES } from "../../limits/limits.ts";

/** An address at which the server says it can be reached as well. */
export interface RemoteAddress {
  readonly address: Address;
  /** Whether the server would rather be reached there. */
  readonly preferred: boolean;
}

/** An address with what tells newer news from older. */
interface Entry {
  readonly address: Address;
  /** ALTERNATIVE_ADDRESS counts for each address, ADD_ADDRESS names each address by a number. */
  sequence: number;
  preferred: boolean;
  retired: boolean;
}

/**
 * The further addresses a server has told of, by whichever extension, within limits.
 *
 * @internal
 */
export class RemoteAddresses {
  readonly #entries: Entry[] = [];
  /** Numbers that were withdrawn before the address came: a packet may overtake another. */
  readonly #withdrawn: number[] = [];
  #news = 0;
  #countedFrom = -Infinity;

  /** The addresses that are not retired, each once, the preferred ones first. */
  get list(): RemoteAddress[] {
    const all = this.#entries.filter((entry) => !entry.retired);
    // One that went and came back has two numbers until the first one is known to be gone.
    const standing = all.filter(({ address }, i) =>
      all.findIndex((other) => sameAddress(other.address, address)) === i
    );
    return standing.sort((a, b) => Number(b.preferred) - Number(a.preferred));
  }

  /**
   * ALTERNATIVE_ADDRESS arrived; numbers not above the last for this address are old news.
   *
   * @param peer Where the server is reached now: nothing with a lesser reach is believed.
   * @returns Whether the list has changed.
   */
  onAlternative(
    sequence: number,
    ip: Uint8Array,
    port: number,
    preferred: boolean,
    retire: boolean,
    peer: Address,
    now: number,
  ): boolean {
    if (!this.#isAcceptable(ip, port, peer, now)) return false;
    const address = addressOf(ip, port);
    const entry = this.#entries.find((known) => sameAddress(known.address, address));
    if (entry === undefined) {
      return this.#add({ address, sequence, preferred, retired: retire }) && !retire;
    }
    if (sequence <= entry.sequence) return false;
    Object.assign(entry, { sequence, preferred, retired: retire });
    return true;
  }

  /** ADD_ADDRESS arrived; returns whether the list has changed. */
  onAdd(sequence: number, ip: Uint8Array, port: number, peer: Address, now: number): boolean {
    if (!this.#isAcceptable(ip, port, peer, now)) return false;
    if (this.#entries.some((known) => known.sequence === sequence)) return false;
    if (this.#withdrawn.includes(sequence)) return false;
    return this.#add({
      address: addressOf(ip, port),
      sequence,
      preferred: false,
      retired: false,
    });
  }

  /** REMOVE_ADDRESS arrived; returns whether the list has changed. */
  onRemove(sequence: number): boolean {
    const entry = this.#entries.find((known) => known.sequence === sequence);
    if (entry === undefined && !this.#withdrawn.includes(sequence)) {
      this.#withdrawn.push(sequence);
      if (this.#withdrawn.length > MAX_ADDRESSES) this.#withdrawn.shift();
    }
    if (entry === undefined || entry.retired) return false;
    entry.retired = true;
    return true;
  }

  #add(entry: Entry): boolean {
    if (this.#entries.length >= MAX_ADDRESSES) {
      // What was withdrawn makes room; it could only be told of again with a higher number.
      const old = this.#entries.findIndex((known) => known.retired);
      if (old < 0) return false;
      this.#entries.splice(old, 1);
    }
    this.#entries.push(entry);
    return true;
  }

  /** A server could name a victim's address: only such are taken as it could be at itself. */
  #isAcceptable(ip: Uint8Array, port: number, peer: Address, now: number): boolean {
    if (now - this.#countedFrom >= 1_000) {
      this.#countedFrom = now;
      this.#news = 0;
    }
    if (++this.#news > ADDRESS_NEWS_PER_SECOND) return false;
    return isAddressAcceptable(ip, port, peer);
  }
}

function addressOf(ip: Uint8Array, port: number): Address {
  return { transport: "udp", hostname: formatIpAddress(ip), port };
}
