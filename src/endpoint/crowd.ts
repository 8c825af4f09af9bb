// Which connection goes when an endpoint has too many.

import type { Connection } from "../connection/connection.ts";
import type { Account, Neighbours } from "../limits/account.ts";
import type { Ledger } from "../limits/ledger.ts";
import type { Share } from "../limits/share.ts";
import { isUnused } from "./eviction.ts";

/** The connections of an endpoint, of which there are only so many: of an address, a network, in all. */
export class Crowd {
  readonly #ledger: Ledger;
  readonly #connections: Iterable<Connection>;

  constructor(ledger: Ledger, connections: Iterable<Connection>) {
    this.#ledger = ledger;
    this.#connections = connections;
  }

  /** Whether a client that has proven nothing could only be admitted by displacing another. */
  presses({ address, network }: Neighbours): boolean {
    return isFull(address) || isFull(network) || isFull(this.#ledger.all);
  }

  /**
   * Makes room for a client that has proven its address. Of the connections that are not in use, the
   * one goes that has been quiet for longest, of the greediest address of the greediest network. If
   * all are in use, a newcomer is refused, unless its network or address has less than half of what
   * the greediest has: then that gives one of its own.
   *
   * @returns Whether there is room now.
   */
  makeRoom(hostname: string, now: number): boolean {
    for (;;) {
      const newcomer = this.#ledger.look(hostname);
      const { address, network } = newcomer;
      const full = [address, network, this.#ledger.all].find(isFull);
      if (full === undefined) return true;
      const members = this.#membersOf(full);
      const victim = this.#quietest(members.filter((each) => isUnused(each, now))) ??
        this.#quietest(members.filter(({ account }) => isTwiceAsGreedy(account, newcomer)));
      if (victim === undefined) return false;
      this.#ledger.evict(victim.account, "connections");
    }
  }

  #membersOf(share: Share): Connection[] {
    return Array.from(this.#connections).filter(({ account }) => {
      const { address, network, all } = account.shares;
      const isMember = share === all || share === network || share === address;
      return isMember && account.held("connections") > 0;
    });
  }

  /** Of the greediest, the one that was heard of longest ago. */
  #quietest(connections: readonly Connection[]): Connection | undefined {
    const accounts = connections.map(({ account }) => account);
    const greediest = this.#ledger.greediest("connections", accounts);
    let quietest: Connection | undefined;
    for (const connection of connections) {
      if (connection.account.shares.address !== greediest?.shares.address) continue;
      if (quietest && connection.idle.heardAt >= quietest.idle.heardAt) continue;
      quietest = connection;
    }
    return quietest;
  }
}

function isFull(share: Share): boolean {
  return share.room("connections") < 1;
}

function isTwiceAsGreedy({ shares }: Account, newcomer: Neighbours): boolean {
  const level = shares.network === newcomer.network ? "address" : "network";
  if (shares.address === newcomer.address) return false;
  const wanted = newcomer[level].greed("connections") + 1 / newcomer[level].factor;
  return shares[level].greed("connections") > 2 * wanted;
}
