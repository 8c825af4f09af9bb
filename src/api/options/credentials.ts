// The certificates of a server, chosen by the name that a client asks for.

import { Credential } from "../../tls/credential.ts";
import { matchesIdentity } from "../../tls/trust/server_identity.ts";

/**
 * A certificate with its private key.
 *
 * @category Certificates
 */
export interface CertificateAndKey {
  /** The certificate, then those that lead to its authority, as PEM. */
  cert: string;
  /** Its private key, as PEM. */
  key: string;
}

/**
 * Certificates for further names, or a function that chooses one for the name that a client asks
 * for.
 *
 * @category Certificates
 */
export type CertificateSource =
  | readonly CertificateAndKey[]
  | ((serverName: string | undefined) => CertificateAndKey | undefined);

/**
 * The certificates of a server.
 *
 * @category Certificates
 */
export interface CertificateOptions extends CertificateAndKey {
  /** Certificates for further names; the first is for all that these are not good for. */
  certificates?: CertificateSource;
}

/** Credentials that were read from a function's answers; more are read again. */
const MAX_CACHED = 64;

/** Chooses a server's certificate by name (RFC 6066, Section 3); all can be replaced at any time. */
export class CredentialSet {
  #main: Credential;
  #others: readonly Credential[];
  #choose: ((serverName: string | undefined) => CertificateAndKey | undefined) | undefined;
  readonly #cache = new Map<string, Credential>();

  /** Throws a `TypeError` if one cannot be read. */
  constructor(options: CertificateOptions) {
    this.#main = Credential.fromPem(options.cert, options.key);
    this.#others = [];
    this.replace(options);
  }

  /** Reads others for new handshakes; if one of them cannot be read, all stays as it was. */
  replace({ cert, key, certificates = [] }: CertificateOptions): void {
    const main = Credential.fromPem(cert, key);
    const others = typeof certificates === "function" ? [] : certificates.map(read);
    this.#main = main;
    this.#others = others;
    this.#choose = typeof certificates === "function" ? certificates : undefined;
    this.#cache.clear();
  }

  /** The credential for a name. */
  find(serverName: string | undefined): Credential {
    const chosen = this.#choose?.(serverName);
    if (chosen !== undefined) return this.#read(chosen);
    if (serverName === undefined) return this.#main;
    const fitting = this.#others.find(({ certificate }) =>
      matchesIdentity(certificate, serverName)
    );
    return fitting ?? this.#main;
  }

  /** Whether the credential for a name is good for a host. */
  covers(hostname: string, serverName: string | undefined): boolean {
    return matchesIdentity(this.find(serverName).certificate, hostname);
  }

  #read({ cert, key }: CertificateAndKey): Credential {
    const id = JSON.stringify([cert, key]);
    let credential = this.#cache.get(id);
    if (credential === undefined) {
      credential = Credential.fromPem(cert, key);
      if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
      this.#cache.set(id, credential);
    }
    return credential;
  }
}

function read({ cert, key }: CertificateAndKey): Credential {
  return Credential.fromPem(cert, key);
}
