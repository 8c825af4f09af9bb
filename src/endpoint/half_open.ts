// The handshakes that are not complete.

import { toHex } from "../bytes/bytes.ts";
import type { Connection } from "../connection/connection.ts";
import type { Account, Neighbours } from "../limits/account.ts";
import type { Ledger } from "../limits/ledger.ts";
import { HALF_OPEN_RESPITE, HALF_OPEN_SILENCE } from "../limits/limits.ts";
import type { Share } from "../limits/share.ts";
import type { Address } from "../path/address/address.ts";

/** Handshakes looked at for their silence when one more begins. */
const GLANCES = 4;

/** A handshake that is not complete. */
interface Handshake {
  readonly connection: Connection;
  /** The client's first ID and its address: later Initials may come with that ID. */
  readonly key: string;
  /** Whether the client has shown by a token that it is where it says. */
  readonly proven: boolean;
}

/**
 * Handshakes that are not complete. Their clients have paid next to nothing for them and may be
 * nowhere, so there are only so many: of an address, of a network, and in all.
 */
export class HalfOpen {
  readonly #ledger: Ledger;
  readonly #byKey = new Map<string, Connection>();
  /** The oldest first. */
  readonly #handshakes = new Map<Account, Handshake>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** The connection that began with this ID of the client's choice, from this address. */
  find(originalId: Uint8Array, remote: Address): Connection | undefined {
    return this.#byKey.size > 0 ? this.#byKey.get(keyOf(originalId, remote)) : undefined;
  }

  /** Whether so many are open, of an address, its network or in all, that a client must prove it. */
  presses({ address, network }: Neighbours): boolean {
    return isHalfFull(this.#ledger.all) || isHalfFull(network) || isHalfFull(address);
  }

  /** A handshake has begun. */
  add(connection: Connection, originalId: Uint8Array, remote: Address, proven: boolean): void {
    const key = keyOf(originalId, remote);
    this.#byKey.set(key, connection);
    this.#handshakes.set(connection.account, { connection, key, proven });
  }

  /** Removes a handshake that is complete, or whose connection has ended. */
  remove({ account, handshake }: Connection): void {
    const known = this.#handshakes.get(account);
    if (known === undefined) return;
    this.#handshakes.delete(account);
    this.#byKey.delete(known.key);
    account.release("handshakes", 1);
    if (handshake.complete) account.prove();
    // A client that never proved an address does not count against it.
    else if (known.proven) account.strike();
  }

  /**
   * Makes room for a client that has proven its address: the oldest of the greediest goes, if that
   * is greedier than the newcomer would be, or has had the time to answer.
   *
   * @returns Whether there is room now.
   */
  makeRoom(hostname: string, now: number): boolean {
    if (isHalfFull(this.#ledger.all)) this.#dropSilent(now);
    for (;;) {
      const newcomer = this.#ledger.look(hostname);
      const full = this.#fullShare(newcomer);
      if (full === undefined) return true;
      const victim = this.#ledger.greediest("handshakes", this.#within(full));
      if (victim === undefined || !this.#mustGo(victim, newcomer, now)) return false;
      this.#drop(victim);
    }
  }

  /** The share that has no room for one more. */
  #fullShare({ address, network }: Neighbours): Share | undefined {
    return [address, network, this.#ledger.all].find((share) => share.room("handshakes") < 1);
  }

  *#within(share: Share): Iterable<Account> {
    for (const account of this.#handshakes.keys()) {
      const { address, network, all } = account.shares;
      if (share === all || share === network || share === address) yield account;
    }
  }

  #mustGo(victim: Account, newcomer: Neighbours, now: number): boolean {
    const { network, address } = victim.shares;
    if (network !== newcomer.network) {
      if (network.greed("handshakes") > greedWithOneMore(newcomer.network)) return true;
    } else if (address !== newcomer.address) {
      if (address.greed("handshakes") > greedWithOneMore(newcomer.address)) return true;
    }
    return this.#isSilent(victim, HALF_OPEN_RESPITE, now);
  }

  #isSilent(account: Account, time: number, now: number): boolean {
    return this.#handshakes.get(account)!.connection.idle.heardAt + time <= now;
  }

  /** Drops silent handshakes; looks at a few of them at a time. */
  #dropSilent(now: number): void {
    let glances = GLANCES;
    for (const [account, handshake] of this.#handshakes) {
      if (glances-- === 0) return;
      if (this.#isSilent(account, HALF_OPEN_SILENCE, now)) this.#drop(account);
      else this.#putBehind(account, handshake);
    }
  }

  /** Puts a handshake that is not silent behind all others. */
  #putBehind(account: Account, handshake: Handshake): void {
    this.#handshakes.delete(account);
    this.#handshakes.set(account, handshake);
  }

  #drop(account: Account): void {
    this.remove(this.#handshakes.get(account)!.connection);
    this.#ledger.evict(account, "handshakes");
  }
}

function isHalfFull(share: Share): boolean {
  return share.held.handshakes >= share.limit("handshakes") / 2;
}

function greedWithOneMore(share: Share): number {
  return share.greed("handshakes") + 1 / share.factor;
}

function keyOf(id: Uint8Array, { hostname, port }: Address): string {
  return `${toHex(id)} ${hostname} ${port}`;
}
