// The transport parameters of the peer.

import { type Address, sameAddress } from "../../path/address/address.ts";
import { choosePreferred } from "./preferred_address.ts";
import { agreedExtensions, TransportParameters } from "./parameter_table.ts";

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
  /** What this end announces on all connections. */
  readonly #ours: TransportParameters;
  #extensions: number;

  constructor(first: Address, ours: TransportParameters) {
    this.#first = first;
    this.#ours = ours;
    this.#extensions = agreedExtensions(ours, this.parameters);
  }

  /** Bits of the extensions whose frames are accepted. */
  get extensions(): number {
    return this.#extensions;
  }

  set(parameters: TransportParameters): void {
    this.parameters = parameters;
    this.known = true;
    this.preferredPending = parameters.preferredAddress !== undefined;
    this.#extensions = agreedExtensions(this.#ours, parameters);
    this.ackDelayUnit = 2 ** parameters.ackDelayExponent;
  }

  /**
   * Whether the peer may ask for a delay of acknowledgements, in microseconds (ACK frequency,
   * Section 4): not for less than our min_ack_delay.
   */
  mayAskForDelay(delay: number): boolean {
    return delay >= this.#ours.minAckDelay;
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
