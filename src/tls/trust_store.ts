import { Buffer } from "node:buffer";
import { Certificate } from "./certificate.ts";
import { readPem } from "./pem.ts";

/** How many certificates seen in handshakes are remembered. */
const CACHE_SIZE = 128;

/**
 * The certificates that are believed because the user says so, parsed once for all connections.
 *
 * It also remembers certificates that peers sent and which of them signed which, so that the next
 * handshake with the same server need not parse and verify them again. Times and names are looked
 * at each time.
 *
 * @example
 * ```ts ignore
 * const store = new TrustStore([Deno.readTextFileSync("ca.pem")]);
 * ```
 */
export class TrustStore {
  readonly #bySubject = new Map<string, Certificate[]>();
  readonly #anchors = new Map<string, Certificate>();
  readonly #certificates = new Map<string, Certificate>();
  /**
   * The issuers whose signature was right, by what they signed. Certificates are told apart as
   * objects: put together, the bytes of one pair can be those of another.
   */
  readonly #signers = new WeakMap<Certificate, WeakSet<Certificate>>();

  /** @param pems Texts with any number of PEM certificates each; unreadable ones are left out. */
  constructor(pems: Iterable<string>) {
    for (const pem of pems) {
      for (const der of readPem(pem, "CERTIFICATE")) this.#add(der);
    }
  }

  /** How many anchors there are. */
  get size(): number {
    return this.#anchors.size;
  }

  /** The anchors with this subject. */
  anchorsFor(subject: string): readonly Certificate[] {
    return this.#bySubject.get(subject) ?? [];
  }

  /** Whether exactly this certificate is an anchor. */
  isAnchor(certificate: Certificate): boolean {
    return this.#anchors.has(keyOf(certificate.der));
  }

  /** The certificate in `der`, parsed at most once while it is remembered. */
  certificate(der: Uint8Array): Certificate {
    const key = keyOf(der);
    return this.#anchors.get(key) ?? this.#certificates.get(key) ??
      remember(this.#certificates, key, new Certificate(der));
  }

  /** Whether `issuer` signed `subject`. */
  isSigned(subject: Certificate, issuer: Certificate): boolean {
    const known = this.#signers.get(subject);
    if (known?.has(issuer)) return true;
    if (!subject.isSignedBy(issuer)) return false;
    if (known) known.add(issuer);
    else this.#signers.set(subject, new WeakSet([issuer]));
    return true;
  }

  #add(der: Uint8Array): void {
    let certificate: Certificate;
    try {
      certificate = new Certificate(der);
    } catch {
      return;
    }
    const key = keyOf(der);
    if (this.#anchors.has(key)) return;
    this.#anchors.set(key, certificate);
    const known = this.#bySubject.get(certificate.subject);
    if (known) known.push(certificate);
    else this.#bySubject.set(certificate.subject, [certificate]);
  }
}

function remember<Value>(cache: Map<string, Value>, key: string, value: Value): Value {
  if (cache.size >= CACHE_SIZE) cache.delete(cache.keys().next().value!);
  cache.set(key, value);
  return value;
}

function keyOf(der: Uint8Array): string {
  return Buffer.from(der.buffer, der.byteOffset, der.length).toString("latin1");
}
