// What all peers of an endpoint hold, by connection, address and network.

import type { LedgerLimits, Limit } from "./ledger_limits.ts";
import { type IpPrefix, networkOf, siteOf } from "../bytes/ip_prefix.ts";
import { Account, type AccountKeeper, type Neighbours, type Shares } from "./account.ts";
import { type Amounts, type Resource, RESOURCES, Share } from "./share.ts";
import { ShareMap } from "./share_map.ts";

/**
 * What was counted of one resource.
 *
 * @category Limits
 */
export interface ResourceStats {
  /** Held now. */
  readonly held: number;
  /** The most that was ever held at once. */
  readonly peak: number;
  /** How often more was wanted than allowed. */
  readonly refused: number;
  /** Connections that had to end because they held the most when all was used up. */
  readonly evicted: number;
}

/** No limit at all. */
const NONE: Amounts = {
  bytes: Infinity,
  files: Infinity,
  handshakes: Infinity,
  connections: Infinity,
};

/**
 * What the peers of an endpoint hold: each connection has an {@linkcode Account}, which counts for
 * its address and its network as well. What is remembered grows with the connections only.
 *
 * @internal
 */
export class Ledger implements AccountKeeper {
  /** The time, in ms of the clock of the endpoint. */
  #now = 0;
  readonly #limits: Readonly<Record<keyof Limit, Amounts>>;
  readonly #exempt: readonly IpPrefix[];
  readonly #all: Share;
  readonly #addresses: ShareMap;
  readonly #networks: ShareMap;
  readonly #accounts = new Set<Account>();
  readonly #peak = nothing();
  readonly #refused = nothing();
  readonly #evicted = nothing();

  /** @param exempt Networks of balancers, whose addresses stand for many peers. */
  constructor(limits: LedgerLimits, exempt: readonly IpPrefix[] = []) {
    this.#limits = {
      perConnection: amountsOf(limits, "perConnection"),
      perAddress: amountsOf(limits, "perAddress"),
      perNetwork: amountsOf(limits, "perNetwork"),
      total: amountsOf(limits, "total"),
    };
    this.#exempt = exempt;
    this.#all = new Share(this.#limits.total);
    this.#addresses = new ShareMap(this.#limits.perAddress);
    this.#networks = new ShareMap(this.#limits.perNetwork);
  }

  /** The endpoint says how late it is. */
  advance(now: number): void {
    this.#now = now;
  }

  /** An account without limits. */
  static unlimited(): Account {
    const none = { perConnection: Infinity, perAddress: Infinity, perNetwork: Infinity };
    const limit = { ...none, total: Infinity };
    return new Ledger({ bytes: limit, files: limit, handshakes: limit, connections: limit })
      .open("");
  }

  /** The account of a new connection with a peer at an address. */
  open(hostname: string): Account {
    const account = new Account(this, hostname, new Share(this.#limits.perConnection), this.#all);
    this.#accounts.add(account);
    return account;
  }

  /** What all peers together hold. */
  get all(): Share {
    return this.#all;
  }

  /** What those of an address and of its network hold; good until anything changes. */
  look(hostname: string): Neighbours {
    if (this.isExempt(hostname)) return exempt();
    return {
      isExempt: false,
      address: this.#addresses.look(siteOf(hostname), this.#now),
      network: this.#networks.look(networkOf(hostname), this.#now),
    };
  }

  /**
   * The account that holds the most of a resource, relative to what is usual: of the network that
   * holds the most, the address that holds the most, and of that address the connection. Among
   * equals, the oldest.
   *
   * @param among Those to choose from; all if left out.
   */
  greediest(resource: Resource, among: Iterable<Account> = this.#accounts): Account | undefined {
    let greediest: Account | undefined;
    for (const account of among) {
      if (account.held(resource) === 0) continue;
      if (greediest === undefined || isGreedier(account, greediest, resource)) greediest = account;
    }
    return greediest;
  }

  /** What was counted. */
  get stats(): Readonly<Record<Resource, ResourceStats>> {
    const entries = RESOURCES.map((resource) => [resource, this.#statsOf(resource)]);
    return Object.fromEntries(entries);
  }

  #statsOf(resource: Resource): ResourceStats {
    return {
      held: this.#all.held[resource],
      peak: this.#peak[resource],
      refused: this.#refused[resource],
      evicted: this.#evicted[resource],
    };
  }

  /** A peer without an account was refused a resource. */
  onRefused(resource: Resource): void {
    this.#refused[resource]++;
  }

  join(hostname: string): Neighbours {
    if (this.isExempt(hostname)) return exempt();
    return {
      isExempt: false,
      address: this.#addresses.join(siteOf(hostname), this.#now),
      network: this.#networks.join(networkOf(hostname), this.#now),
    };
  }

  leave(hostname: string, { isExempt, address, network }: Neighbours): void {
    if (isExempt) return;
    this.#addresses.leave(siteOf(hostname), address);
    this.#networks.leave(networkOf(hostname), network);
  }

  prove(hostname: string, { isExempt, address, network }: Neighbours): void {
    if (isExempt) return;
    this.#addresses.prove(siteOf(hostname), address, this.#now);
    this.#networks.prove(networkOf(hostname), network, this.#now);
  }

  strike(hostname: string, { isExempt, address, network }: Neighbours): void {
    if (isExempt) return;
    this.#addresses.strike(siteOf(hostname), address, this.#now);
    this.#networks.strike(networkOf(hostname), network, this.#now);
  }

  makeRoom(resource: Resource, amount: number): void {
    // Which of these can go depends on more than what is held.
    if (resource === "connections" || resource === "handshakes") return;
    while (amount > this.#all.room(resource)) {
      const greediest = this.greediest(resource);
      if (greediest === undefined) return;
      this.evict(greediest, resource);
    }
  }

  settle(resource: Resource, { address, network, all }: Shares): void {
    for (const share of [address, network, all]) {
      while (share.room(resource) < 0) {
        const greediest = this.greediest(resource, this.#membersOf(share));
        if (greediest === undefined) break;
        this.evict(greediest, resource);
      }
    }
  }

  *#membersOf(share: Share): Generator<Account> {
    for (const account of this.#accounts) {
      const { address, network, all } = account.shares;
      if (share === address || share === network || share === all) yield account;
    }
  }

  /** Ends a connection that has to give way. */
  evict(account: Account, resource: Resource): void {
    this.#evicted[resource]++;
    account.evict(resource);
  }

  onHeld(resource: Resource): void {
    const held = this.#all.held[resource];
    if (held > this.#peak[resource]) this.#peak[resource] = held;
  }

  onClosed(account: Account): void {
    this.#accounts.delete(account);
  }

  /** Whether many clients are behind an address, so that its limits do not count. */
  isExempt(hostname: string): boolean {
    return this.#exempt.some((prefix) => prefix.contains(hostname));
  }
}

function isGreedier(one: Account, other: Account, resource: Resource): boolean {
  const [a, b] = [one.shares, other.shares];
  const byNetwork = a.network.greed(resource) - b.network.greed(resource);
  if (byNetwork !== 0) return byNetwork > 0;
  const byAddress = a.address.greed(resource) - b.address.greed(resource);
  if (byAddress !== 0) return byAddress > 0;
  return one.held(resource) > other.held(resource);
}

function amountsOf(limits: LedgerLimits, level: keyof Limit): Amounts {
  const { bytes, files, handshakes, connections } = limits;
  return {
    bytes: bytes[level],
    files: files[level],
    handshakes: handshakes[level],
    connections: connections[level],
  };
}

function exempt(): Neighbours {
  return { isExempt: true, address: new Share(NONE), network: new Share(NONE) };
}

function nothing(): Amounts {
  return { bytes: 0, files: 0, handshakes: 0, connections: 0 };
}
