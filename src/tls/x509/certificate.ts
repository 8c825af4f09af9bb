// One X.509 certificate.

import type { KeyObject } from "node:crypto";
import { toHex } from "../../bytes/bytes.ts";
import { formatIpAddress } from "../../bytes/ip_address.ts";
import { Alert, alertError } from "../code/alert.ts";
import { CertificateExtensions } from "./certificate_extensions.ts";
import { CertificateKey } from "./certificate_key.ts";
import type { SignatureProblem } from "./certificate_signature.ts";
import { readTime } from "./certificate_time.ts";
import { contextTag, DerError, DerReader, Tag } from "./der.ts";
import { DistinguishedName } from "./distinguished_name.ts";
import type { GeneralName } from "./general_name.ts";
import type { NameConstraints } from "./name_constraints.ts";
import { SignedContent } from "./signed_content.ts";

export { ExtendedUsage, KeyUsageBit } from "./certificate_extensions.ts";

/**
 * One X.509 certificate: what path validation asks of it (RFC 5280, Section 4.1).
 *
 * It is one value in DER to the last byte. Names, validity and key are read at once, extensions
 * when they are first asked for; each getter of theirs throws a bad_certificate if they cannot be
 * read.
 *
 * @internal
 */
export class Certificate {
  /** The certificate in DER. */
  readonly der: Uint8Array<ArrayBuffer>;
  /** The number that its issuer gave it, in hexadecimal. */
  readonly serial: string;
  /** The name of the holder. */
  readonly subject: DistinguishedName;
  /** The name of the authority that signed the certificate. */
  readonly issuer: DistinguishedName;
  /** Start and end of its validity in milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Its public key, which may be one that cannot be used. */
  readonly key: CertificateKey;
  readonly #signed: SignedContent;
  readonly #extensionsReader: DerReader | undefined;
  #extensions: CertificateExtensions | undefined;

  /** @param der One certificate in DER; anything else is a bad_certificate. */
  constructor(der: Uint8Array) {
    this.der = der.slice();
    try {
      this.#signed = new SignedContent(this.der);
      const reader = this.#signed.read();
      const version = readVersion(reader);
      this.serial = toHex(reader.content(Tag.Integer));
      // RFC 5280, Section 4.1.1.2: the algorithm is named twice, the same.
      this.#signed.expectAlgorithm(reader);
      this.issuer = DistinguishedName.read(reader);
      const validity = reader.enter(Tag.Sequence);
      this.notBefore = readTime(validity);
      this.notAfter = readTime(validity);
      validity.expectEnd();
      this.subject = DistinguishedName.read(reader);
      this.key = new CertificateKey(reader.element(Tag.Sequence));
      this.#extensionsReader = readRest(reader, version);
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Its public key; an unsupported_certificate if it cannot be used. */
  get publicKey(): KeyObject {
    const { problem } = this.key;
    try {
      if (problem === undefined) return this.key.object;
    } catch (error) {
      throw unusable(this, "its key is none that the runtime can use", error);
    }
    throw unusable(this, problem);
  }

  /** Whether its subject issued it, by name (RFC 5280, Section 3.2). */
  get isSelfIssued(): boolean {
    return this.subject.key === this.issuer.key;
  }

  /** Whether basic constraints say that it may issue certificates. */
  get isAuthority(): boolean {
    return this.extensions.isAuthority;
  }

  /** Whether it predates extensions, as some old roots do. */
  get hasExtensions(): boolean {
    return this.extensions.count > 0;
  }

  /** How many intermediate certificates may follow it; `Infinity` if it does not say. */
  get pathLength(): number {
    return this.extensions.pathLength;
  }

  /** Host names it is good for. */
  get dnsNames(): readonly string[] {
    return this.alternativeNames.flatMap((name) => name.form === "dns" ? name.text : []);
  }

  /** Addresses it is good for, in their shortest form. */
  get ipAddresses(): readonly string[] {
    return this.alternativeNames.flatMap((name) =>
      name.form === "ip" ? formatIpAddress(name.bytes) : []
    );
  }

  /** Every subject alternative name. */
  get alternativeNames(): readonly GeneralName[] {
    return this.extensions.names;
  }

  /** What it lets certificates below be called. */
  get nameConstraints(): NameConstraints | undefined {
    return this.extensions.nameConstraints;
  }

  /** Why it does not count as signed by `issuer`; `undefined` if it does. */
  signatureProblem(issuer: Certificate): SignatureProblem | undefined {
    return this.#signed.problem(issuer.key);
  }

  /** What its extensions say. */
  get extensions(): CertificateExtensions {
    try {
      return this.#extensions ??= new CertificateExtensions(this.#extensionsReader);
    } catch (error) {
      throw unreadable(error);
    }
  }
}

/**
 * The subject of a certificate of which nothing else is looked at.
 *
 * @throws {DerError} If there is none to be found.
 */
export function readSubject(der: Uint8Array): DistinguishedName {
  const reader = new DerReader(der).enter(Tag.Sequence).enter(Tag.Sequence);
  readVersion(reader);
  for (const tag of [Tag.Integer, Tag.Sequence, Tag.Sequence, Tag.Sequence]) reader.element(tag);
  return DistinguishedName.read(reader);
}

/** RFC 5280, Section 4.1.2.1: 1 if left out. */
function readVersion(reader: DerReader): number {
  const tag = contextTag(0, true);
  if (reader.tag !== tag) return 1;
  const inner = reader.enter(tag);
  const [value] = inner.content(Tag.Integer);
  inner.expectEnd();
  if (value === 1 || value === 2) return value + 1;
  throw new DerError("its version is not known");
}

/** Reads what may follow the key: obsolete identifiers, and extensions. */
function readRest(reader: DerReader, version: number): DerReader | undefined {
  for (const number of [1, 2]) {
    const tag = contextTag(number, false);
    if (version > 1 && reader.tag === tag) reader.content(tag);
  }
  const tag = contextTag(3, true);
  // RFC 5280, Section 4.1.2.9: only in version 3, and then at least one.
  if (version < 3 || reader.tag !== tag) {
    reader.expectEnd();
    return undefined;
  }
  const outer = reader.enter(tag);
  const extensions = outer.enter(Tag.Sequence);
  outer.expectEnd();
  reader.expectEnd();
  if (extensions.isAtEnd) throw new DerError("its list of extensions is empty");
  return extensions;
}

function unusable({ subject }: Certificate, problem: string, cause?: unknown): Error {
  return alertError(
    Alert.UnsupportedCertificate,
    `Cannot accept the certificate for ${subject.text}: ${problem}`,
    cause,
  );
}

function unreadable(error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return alertError(Alert.BadCertificate, `Cannot read a certificate: ${reason}`, error);
}
