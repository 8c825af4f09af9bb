// Moves the account of a connection to the host that the peer has proven to be.

import type { Account } from "../limits/account.ts";
import type { NetworkPath } from "../path/network/network_path.ts";

/** Moves the account of a connection to the host where the peer has proven to be. */
export class AccountHome {
  readonly #account: Account;
  /** Where the account counts. */
  #network: NetworkPath | undefined = undefined;

  constructor(account: Account) {
    this.#account = account;
  }

  /** The first path uses this 4-tuple. */
  settle(network: NetworkPath | undefined): void {
    if (network === this.#network || !network?.validated) return;
    this.#network = network;
    this.#account.moveTo(network.remote.hostname);
  }
}
