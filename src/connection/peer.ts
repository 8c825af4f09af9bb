import { TransportParameters } from "./transport_parameters.ts";

/** What the peer announced, or the defaults until it has (RFC 9000, Section 7.4). */
export class Peer {
  parameters: TransportParameters = new TransportParameters();
  /** Whether the peer's parameters have arrived. */
  known = false;
  /** Microseconds per unit of ACK Delay. */
  ackDelayUnit = 8;

  set(parameters: TransportParameters): void {
    this.parameters = parameters;
    this.known = true;
    this.ackDelayUnit = 2 ** parameters.ackDelayExponent;
  }
}
