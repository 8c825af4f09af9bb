// What one connection holds, in the ledger of its endpoint.

import type { Resource, Share } from "./share.ts";

/** The shares of an address and its network. */
export interface Neighbours {
  /** Whether the address belongs to a balancer: its shares have no limits and are not shared. */
  readonly isExempt: boolean;
  readonly address: Share;
  readonly network: Share;
}

/** The shares that an account counts in. */
export interface Shares extends Neighbours {
  readonly connection: Share;
  readonly all: Share;
}

/** What an account needs of its ledger. */
export interface AccountKeeper {
  /** The shares of an address that an account counts in from now on. */
  join(hostname: string): Neighbours;
  /** An account no longer counts in the shares of an address. */
  leave(hostname: string, shares: Neighbours): void;
  /** There is too little left for all: has the greediest give back what it holds. */
  makeRoom(resource: Resource, amount: number): void;
  /** More is held than may be: has the greediest of those concerned give back what it holds. */
  settle(resource: Resource, shares: Shares): void;
  /** The holder has shown that it is where it says and speaks the protocol. */
  prove(hostname: string, shares: Neighbours): void;
  /** The holder began a handshake that came to nothing. */
  strike(hostname: string, shares: Neighbours): void;
  onHeld(resource: Resource): void;
  onRefused(resource: Resource): void;
  onClosed(account: Account): void;
}

/**
 * What one connection holds. Whatever a peer can make grow is held here before it is there, and
 * released when it is gone; the peer is refused what cannot be held.
 *
 * When there is too little left for all, the greediest connection has to go ({@linkcode
 * whenEvicted}), be it this one.
 *
 * @internal
 */
export class Account {
  /** The connection must end at once, since it holds the most of what is used up. */
  #onEvicted: (resource: Resource) => void = () => {};
  /** The code of the application's protocol with which it does so; the transport's if left out. */
  overloadCode: number | undefined = undefined;
  readonly #keeper: AccountKeeper;
  #hostname: string;
  #shares: Shares;
  #isClosed = false;

  /** Use `Ledger.open`. */
  constructor(keeper: AccountKeeper, hostname: string, connection: Share, all: Share) {
    this.#keeper = keeper;
    this.#hostname = hostname;
    this.#shares = { connection, all, ...keeper.join(hostname) };
  }

  /** What it holds itself, and with others. */
  get shares(): Shares {
    return this.#shares;
  }

  /** Whether everything was given back, for good. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How much it holds of a resource. */
  held(resource: Resource): number {
    return this.#shares.connection.held[resource];
  }

  /** How much more of a resource the connection may hold without displacing another. */
  room(resource: Resource): number {
    if (this.#isClosed) return 0;
    return Math.max(0, Math.min(this.#ownRoom(resource), this.#shares.all.room(resource)));
  }

  /**
   * Holds some more.
   *
   * @returns False if that is over the limit of the connection, its address, its network, or of
   * all: then nothing more is held, and the peer must not have it.
   */
  hold(resource: Resource, amount: number): boolean {
    if (this.#isClosed) return false;
    if (!this.#fits(resource, amount)) {
      this.#keeper.onRefused(resource);
      return false;
    }
    this.#add(resource, amount);
    this.#keeper.onHeld(resource);
    return true;
  }

  /**
   * Holds what exists already, such as bytes that the peer was allowed to send. Beyond a limit, the
   * connection that holds the most of that share is closed.
   */
  insist(resource: Resource, amount: number): void {
    if (this.#isClosed) return;
    this.#add(resource, amount);
    this.#keeper.onHeld(resource);
    if (this.#shares.connection.room(resource) < 0) this.evict(resource);
    else if (this.#ownRoom(resource) < 0 || this.#shares.all.room(resource) < 0) {
      this.#keeper.settle(resource, this.#shares);
    }
  }

  /** Gives some of it back; never more than is held. */
  release(resource: Resource, amount: number): void {
    this.#add(resource, -Math.min(amount, this.held(resource)));
  }

  /** The holder is at another address now, where all it holds counts from now on. */
  moveTo(hostname: string): void {
    if (this.#isClosed || hostname === this.#hostname) return;
    const { connection, all } = this.#shares;
    this.#leave();
    this.#hostname = hostname;
    this.#shares = { connection, all, ...this.#keeper.join(hostname) };
    for (const share of [this.#shares.address, this.#shares.network]) addAll(share, connection);
  }

  /** The holder has completed a handshake, or shown a good token: its address may hold more. */
  prove(): void {
    if (!this.#isClosed) this.#keeper.prove(this.#hostname, this.#shares);
  }

  /** The holder has proven its address and then let the handshake come to nothing. */
  strike(): void {
    if (!this.#isClosed) this.#keeper.strike(this.#hostname, this.#shares);
  }

  /** What ends the connection when it has to give way. */
  whenEvicted(listener: (resource: Resource) => void): void {
    this.#onEvicted = listener;
  }

  /** Ends the connection, which has to give way. */
  evict(resource: Resource): void {
    if (this.#isClosed) return;
    // What it holds is gone as soon as it has ended, and the others need not wait for that.
    this.close();
    this.#onEvicted(resource);
  }

  /** Gives everything back; nothing can be held any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { connection, all } = this.#shares;
    addAll(all, connection, -1);
    this.#leave();
    addAll(connection, connection, -1);
    this.#keeper.onClosed(this);
  }

  /** Whether there is room, or could be made. */
  #fits(resource: Resource, amount: number): boolean {
    if (amount > this.#ownRoom(resource)) return false;
    const { all } = this.#shares;
    if (amount > all.room(resource)) this.#keeper.makeRoom(resource, amount);
    return !this.#isClosed && amount <= all.room(resource);
  }

  #ownRoom(resource: Resource): number {
    const { connection, address, network } = this.#shares;
    return Math.min(connection.room(resource), address.room(resource), network.room(resource));
  }

  #add(resource: Resource, amount: number): void {
    const { connection, address, network, all } = this.#shares;
    connection.held[resource] += amount;
    address.held[resource] += amount;
    network.held[resource] += amount;
    all.held[resource] += amount;
  }

  #leave(): void {
    const { connection, address, network } = this.#shares;
    for (const share of [address, network]) addAll(share, connection, -1);
    this.#keeper.leave(this.#hostname, this.#shares);
  }
}

function addAll(share: Share, { held }: Share, sign = 1): void {
  share.held.bytes += sign * held.bytes;
  share.held.files += sign * held.files;
  share.held.handshakes += sign * held.handshakes;
  share.held.connections += sign * held.connections;
}
