// The certificates of a server over TCP, chosen by the name that a client asks for.

import { createSecureContext, type SecureContext } from "node:tls";
import type { CertificateAndKey, CertificateOptions } from "../api/options/credentials.ts";
import { Credential } from "../tls/credential.ts";
import { matchesIdentity } from "../tls/trust/server_identity.ts";

/** Contexts that are kept; more are made again. */
const MOST_CONTEXTS = 64;

/** Chooses as servers over QUIC do (RFC 6066, Section 3); all can be replaced at any time. */
export class TcpCertificates {
  #options: CertificateOptions;
  #others: readonly Credential[] = [];
  readonly #contexts = new Map<string, SecureContext>();
  readonly #ca: string[];

  /**
   * @param ca Authorities of clients' certificates.
   * @throws {TypeError} If one cannot be read.
   */
  constructor(options: CertificateOptions, ca: readonly string[]) {
    this.#options = options;
    this.#ca = [...ca];
    this.replace(options);
  }

  /** The one for clients that ask for no name. */
  get first(): CertificateAndKey {
    return this.#options;
  }

  /** Takes others for those that come from now on. */
  replace(options: CertificateOptions): void {
    const { certificates = [], cert, key } = options;
    Credential.fromPem(cert, key);
    const list = typeof certificates === "function" ? [] : certificates;
    this.#others = list.map((one) => Credential.fromPem(one.cert, one.key));
    this.#options = options;
    this.#contexts.clear();
  }

  /**
   * The context for a name.
   *
   * @throws {Error} What the application throws, or that the certificate it gives cannot be used.
   */
  find(serverName: string): SecureContext {
    const { certificates = [] } = this.#options;
    const found = typeof certificates === "function"
      ? certificates(serverName)
      : certificates[this.#others.findIndex((one) => matchesIdentity(one.certificate, serverName))];
    return this.#contextOf(found ?? this.#options);
  }

  #contextOf({ cert, key }: CertificateAndKey): SecureContext {
    const id = JSON.stringify([cert, key]);
    let context = this.#contexts.get(id);
    if (context === undefined) {
      // The runtime makes a context of anything, with which no handshake comes to an end.
      Credential.fromPem(cert, key);
      context = createSecureContext({ cert, key, ...(this.#ca.length > 0 && { ca: this.#ca }) });
      if (this.#contexts.size >= MOST_CONTEXTS) this.#contexts.clear();
      this.#contexts.set(id, context);
    }
    return context;
  }
}
