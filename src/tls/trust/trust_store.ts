// The certificates that are trusted.

import { Buffer } from "node:buffer";
import {
  MAX_CERTIFICATE_BYTES_REMEMBERED,
  MAX_CERTIFICATES_REMEMBERED,
} from "../../limits/limits.ts";
import { Certificate, readSubject } from "../x509/certificate.ts";
import { readPem } from "../x509/pem.ts";

/**
 * The certificates that are believed because the user says so, parsed once for all connections.
 *
 * It also remembers the certificates of chains that were accepted and which of them signed which,
 * so that the next handshake with the same server need not parse and verify them again. Times and
 * names are looked at each time.
 *
 * @example
 * ```ts ignore
 * const store = new TrustStore([Deno.readTextFileSync("ca.pem")]);
 * ```
 */
export class TrustStore {
  readonly #bySubject = new Map<string, Anchor[]>();
  readonly #anchors = new Map<string, Anchor>();
  /** Certificates of accepted chains, the one used last at the end. */
  readonly #remembered = new Map<string, Certificate>();
  #bytesRemembered = 0;
  /**
   * The issuers whose signature was right, by what they signed. Certificates are told apart as
   * objects: put together, the bytes of one pair can be those of another.
   */
  readonly #signers = new WeakMap<Certificate, WeakSet<Certificate>>();

  /**
   * Reads trust anchors.
   *
   * @param pems Texts with any number of PEM certificates each; unreadable ones are left out.
   */
  constructor(pems: Iterable<string>) {
    for (const pem of pems) {
      for (const der of readPem(pem, "CERTIFICATE")) this.#add(der);
    }
  }

  /** How many anchors there are. */
  get size(): number {
    return this.#anchors.size;
  }

  /** The anchors whose subject has this key. */
  anchorsFor(subject: string): readonly Certificate[] {
    const anchors = this.#bySubject.get(subject) ?? [];
    return anchors.flatMap((anchor) => anchor.certificate ?? []);
  }

  /** Whether exactly this certificate is an anchor. */
  isAnchor(certificate: Certificate): boolean {
    return this.#anchors.has(keyOf(certificate.der));
  }

  /** The certificate in `der`, if it is an anchor or remembered. */
  known(der: Uint8Array): Certificate | undefined {
    const key = keyOf(der);
    return this.#anchors.get(key)?.certificate ?? this.#remembered.get(key);
  }

  /** The certificate in `der`; see `known`. */
  certificate(der: Uint8Array): Certificate {
    return this.known(der) ?? new Certificate(der);
  }

  /** Whether it is remembered that `issuer` signed `subject`. */
  isKnownToSign(issuer: Certificate, subject: Certificate): boolean {
    return this.#signers.get(subject)?.has(issuer) === true;
  }

  /**
   * Remembers a path that was accepted. Refused paths are not remembered: their senders could fill
   * the memory.
   *
   * @param path From a peer's certificate to an anchor, each signed by the next.
   */
  remember(path: readonly Certificate[]): void {
    for (const [i, certificate] of path.entries()) {
      const issuer = path[i + 1];
      if (issuer) this.#rememberSigner(certificate, issuer);
      const key = keyOf(certificate.der);
      if (this.#anchors.has(key)) continue;
      if (!this.#remembered.delete(key)) this.#bytesRemembered += certificate.der.length;
      this.#remembered.set(key, certificate);
    }
    for (const [key, { der }] of this.#remembered) {
      const isFull = this.#remembered.size > MAX_CERTIFICATES_REMEMBERED ||
        this.#bytesRemembered > MAX_CERTIFICATE_BYTES_REMEMBERED;
      if (!isFull) break;
      this.#remembered.delete(key);
      this.#bytesRemembered -= der.length;
    }
  }

  #rememberSigner(subject: Certificate, issuer: Certificate): void {
    const known = this.#signers.get(subject);
    if (known) known.add(issuer);
    else this.#signers.set(subject, new WeakSet([issuer]));
  }

  #add(der: Uint8Array): void {
    const subject = subjectOf(der);
    const key = keyOf(der);
    if (subject === undefined || this.#anchors.has(key)) return;
    const anchor = new Anchor(der);
    this.#anchors.set(key, anchor);
    const known = this.#bySubject.get(subject);
    if (known) known.push(anchor);
    else this.#bySubject.set(subject, [anchor]);
  }
}

/** A certificate that is believed; there are a hundred, of which few are ever read. */
class Anchor {
  readonly #der: Uint8Array;
  #certificate: Certificate | undefined;
  #isRead = false;

  constructor(der: Uint8Array) {
    this.#der = der;
  }

  /** What it says; `undefined` if it cannot be read. */
  get certificate(): Certificate | undefined {
    if (this.#isRead) return this.#certificate;
    this.#isRead = true;
    try {
      return this.#certificate = new Certificate(this.#der);
    } catch {
      return undefined;
    }
  }
}

/** The key of a certificate's subject, by which it is found; `undefined` if there is none. */
function subjectOf(der: Uint8Array): string | undefined {
  try {
    return readSubject(der).key;
  } catch {
    return undefined;
  }
}

function keyOf(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, der.length).toString("latin1");
}
