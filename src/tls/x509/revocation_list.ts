// One list of revoked certificates (RFC 5280, Section 5).

import { toHex } from "../../bytes/bytes.ts";
import { MAX_SIGNERS_REMEMBERED } from "../../limits/limits.ts";
import type { Certificate } from "./certificate.ts";
import type { CertificateKey } from "./certificate_key.ts";
import { readTime } from "./certificate_time.ts";
import { contextTag, DerError, type DerReader, Tag } from "./der.ts";
import { DistinguishedName } from "./distinguished_name.ts";
import { type JudgementBudget, JudgementCost } from "./judgement_budget.ts";
import { identifier, identifierText } from "./object_identifier.ts";
import { SignedContent } from "./signed_content.ts";

const DELTA = identifier("2.5.29.27");
const ISSUING_POINT = identifier("2.5.29.28");
const CERTIFICATE_ISSUER = identifier("2.5.29.29");
const CRL_NUMBER = identifier("2.5.29.20");
const AUTHORITY_KEY = identifier("2.5.29.35");
const REASON = identifier("2.5.29.21");
const INVALIDITY = identifier("2.5.29.24");

/** What makes a list unfit to be the only one of its issuer. */
const unfit: ReadonlyMap<string, string> = new Map([
  [DELTA, "it has only what has changed since another list"],
  [ISSUING_POINT, "it is for some certificates only, or for those of other issuers"],
  [CERTIFICATE_ISSUER, "it is for certificates of other issuers"],
]);

/**
 * One complete list of the certificates that their issuer has revoked (RFC 5280, Section 5).
 *
 * It is one value in DER to the last byte, and all of it is read at once. Lists that hold but a part,
 * or certificates of other issuers, are refused, and so is what is critical and not understood (RFC
 * 5280, Sections 5.2 and 5.3): the status of no certificate follows from them.
 */
export class RevocationList {
  /** The name of the authority that signed the list. */
  readonly issuer: DistinguishedName;
  /** When it was issued, and when the next one is due, in milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers of the certificates, in hexadecimal. */
  readonly #serials = new Set<string>();
  readonly #signed: SignedContent;
  readonly #length: number;
  /** Whether keys have signed it, the one asked for last at the end. */
  readonly #signers = new Map<string, boolean>();

  /**
   * @param der One list in DER.
   * @throws {DerError} If it cannot be read, or not be used.
   */
  constructor(der: Uint8Array) {
    this.#signed = new SignedContent(der);
    this.#length = der.length;
    const reader = this.#signed.read();
    const version = readVersion(reader);
    // RFC 5280, Section 5.1.1.2: the algorithm is named twice, the same.
    this.#signed.expectAlgorithm(reader);
    this.issuer = DistinguishedName.read(reader);
    this.thisUpdate = readTime(reader);
    // RFC 5280, Section 5.1.2.5: the time of the next one is there.
    if (!isTime(reader.tag)) {
      throw new DerError("it does not say how long it is good");
    }
    this.nextUpdate = readTime(reader);
    if (reader.tag === Tag.Sequence) this.#readEntries(reader.enter(Tag.Sequence), version);
    const tag = contextTag(0, true);
    if (reader.tag === tag) {
      if (version < 2) throw new DerError("its version knows no extensions");
      const extensions = reader.enter(tag);
      readExtensions(extensions.enter(Tag.Sequence), [CRL_NUMBER, AUTHORITY_KEY]);
      extensions.expectEnd();
    }
    reader.expectEnd();
  }

  /** How many certificates it has. */
  get size(): number {
    return this.#serials.size;
  }

  /** Whether a certificate of its issuer is on the list. */
  has({ serial }: Certificate): boolean {
    return this.#serials.has(serial);
  }

  /**
   * Whether a key has signed it. The list may be large, so it is hashed once for each key: peers
   * whose certificates are refused come as often as they like.
   *
   * @param budget Pays for a key that has not; one that has is an authority's, and is found once.
   */
  isSignedBy(key: CertificateKey, budget: JudgementBudget): boolean {
    const id = toHex(key.info);
    const known = this.#signers.get(id);
    const isRight = known ?? this.#signed.problem(key) === undefined;
    this.#signers.delete(id);
    this.#signers.set(id, isRight);
    if (this.#signers.size > MAX_SIGNERS_REMEMBERED) {
      this.#signers.delete(this.#signers.keys().next().value!);
    }
    if (known === undefined && !isRight) {
      budget.spend(key.cost + JudgementCost.HashedByte * this.#length);
    }
    return isRight;
  }

  #readEntries(entries: DerReader, version: number): void {
    // RFC 5280, Section 5.1.2.6: where there are none, the list of them is left out. OpenSSL and
    // others write an empty one, which says the same.
    while (!entries.isAtEnd) {
      const entry = entries.enter(Tag.Sequence);
      this.#serials.add(toHex(entry.content(Tag.Integer)));
      readTime(entry);
      if (entry.isAtEnd) continue;
      if (version < 2) throw new DerError("its version knows no extensions");
      readExtensions(entry.enter(Tag.Sequence), [REASON, INVALIDITY]);
      entry.expectEnd();
    }
  }
}

function isTime(tag: number): boolean {
  return tag === Tag.UtcTime || tag === Tag.GeneralizedTime;
}

/** RFC 5280, Section 5.1.2.1: 1 if left out. */
function readVersion(reader: DerReader): number {
  if (reader.tag !== Tag.Integer) return 1;
  const content = reader.content(Tag.Integer);
  if (content.length === 1 && content[0] === 1) return 2;
  throw new DerError("its version is not known");
}

/** Refuses what changes the meaning of the list, and what is critical and not among `known`. */
function readExtensions(extensions: DerReader, known: readonly string[]): void {
  const seen = new Set<string>();
  do {
    const extension = extensions.enter(Tag.Sequence);
    const id = toHex(extension.content(Tag.ObjectIdentifier));
    const isCritical = extension.flag();
    extension.content(Tag.OctetString);
    extension.expectEnd();
    if (seen.has(id)) throw new DerError("an extension comes twice");
    seen.add(id);
    const reason = unfit.get(id);
    if (reason !== undefined) throw new DerError(reason);
    if (isCritical && !known.includes(id)) {
      throw new DerError(`its extension ${identifierText(id)} is critical and not understood`);
    }
  } while (!extensions.isAtEnd);
}
