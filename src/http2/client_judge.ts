// Judges the certificates of clients over TCP, as those over QUIC are judged.

import type { TLSSocket } from "node:tls";
import type { ClientAuthentication } from "../api/options/options.ts";
import { clientRules } from "../api/options/server_config.ts";
import { judgeCertificates } from "../tls/peer_certificate.ts";
import type { ClientCertificateOptions } from "../tls/tls.ts";
import { chainOf } from "./peer_chain.ts";

/**
 * Judges clients by their certificates. That a client has the key of its certificate is for the
 * runtime to see to, which it does; whether the certificate counts is judged here.
 */
export class ClientJudge {
  /** The authorities, as PEM; clients are told their names. */
  readonly ca: readonly string[];
  readonly #rules: ClientCertificateOptions;

  /** @throws {TypeError} If the options cannot be used. */
  constructor(options: ClientAuthentication) {
    this.ca = options.caCerts ?? [];
    this.#rules = clientRules(options);
  }

  /**
   * The certificates of a client whose handshake is complete, its own first; empty if it shows none.
   *
   * @throws {TransportError} If they do not count, or there have to be some.
   */
  judge(socket: TLSSocket): readonly Uint8Array[] {
    const chain = chainOf(socket);
    const { required = true, ...rules } = this.#rules;
    if (chain.length > 0) {
      judgeCertificates(chain, { ...rules, serverName: undefined, time: Date.now() });
    } else if (required) throw new TypeError("Cannot go on: the client shows no certificate");
    return chain;
  }
}
