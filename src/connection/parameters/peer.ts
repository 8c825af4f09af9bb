// The transport parameters of the peer.

import { type Address, sameAddress } from "../../path/address/address.ts";
import { choosePreferred } from "./preferred_address.ts";
import { TransportParameters } from "./parameter_table.ts";

/** What the peer announced, or the defaults until it has (RFC 9000, Section 7.4). */
export class Peer {
  parameters: TransportParameters = new TransportParameters();
  /** Whether the peer's parameters have arrived. */
  known = false;
  /** Microseconds per unit of ACK Delay. */
  ackDelayUnit = 8;
  /** Whether it told where it would rather have us, and we have not looked at that yet. */
  preferredPending = false;
  /** Where the handshake takes place. */
  readonly #first: Address;

  constructor(first: Address) {
    this.#first = first;
  }

  set(parameters: TransportParameters): void {
    this.parameters = parameters;
    this.known = true;
    this.preferredPending = parameters.preferredAddress !== undefined;
    this.ackDelayUnit = 2 ** parameters.ackDelayExponent;
  }

  /** RFC 9000, Section 18.2; MPQUIC, Section 2.2: it may want no paths to where we met it. */
  forbids(remote: Address): boolean {
    return this.parameters.disableActiveMigration && sameAddress(remote, this.#first);
  }

  /**
   * RFC 9000, Section 9.6: where a server would rather have its clients, told once.
   *
   * @param local Where we are.
   * @param remote Where it is now.
   */
  takePreferred(local: Address, remote: Address): Address | undefined {
    const { preferredAddress } = this.parameters;
    this.preferredPending = false;
    return preferredAddress && choosePreferred(preferredAddress, local, remote);
  }
}
