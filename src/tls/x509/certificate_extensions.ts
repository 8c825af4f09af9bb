// The extensions of certificates that path validation looks at (RFC 5280, Section 4.2).

import { toHex } from "../../bytes/bytes.ts";
import { checkDer, DerError, DerReader, readCount, Tag } from "./der.ts";
import { type GeneralName, readGeneralName } from "./general_name.ts";
import { NameConstraints } from "./name_constraints.ts";
import { identifier, identifierText } from "./object_identifier.ts";

/** Extended key usages (RFC 5280, Section 4.2.1.12). */
export const ExtendedUsage = {
  Any: identifier("2.5.29.37.0"),
  ServerAuth: identifier("1.3.6.1.5.5.7.3.1"),
  ClientAuth: identifier("1.3.6.1.5.5.7.3.2"),
} as const;

/** Bits of the key usage extension (RFC 5280, Section 4.2.1.3). */
export const KeyUsageBit = { DigitalSignature: 0, KeyCertSign: 5, CrlSign: 6 } as const;

/** What a certificate's extensions say, as far as path validation asks (RFC 5280, Section 4.2). */
export class CertificateExtensions {
  /** How many there are. */
  count = 0;
  /** Whether basic constraints say that it may issue certificates. */
  isAuthority = false;
  /** How many intermediate certificates may follow it; `Infinity` if it does not say. */
  pathLength = Infinity;
  /** Every subject alternative name. */
  names: readonly GeneralName[] = [];
  /** What certificates below it may be called. */
  nameConstraints: NameConstraints | undefined;
  /** What they ask for that is not understood, if so. */
  problem: string | undefined;
  #keyUsage: Uint8Array | undefined;
  #extendedUsages: ReadonlySet<string> | undefined;

  /**
   * @param extensions The SEQUENCE of them, as far as there is one, that `checkDer` has passed.
   * @throws {DerError} If one that is understood cannot be read, or comes twice.
   */
  constructor(extensions: DerReader | undefined) {
    if (!extensions) return;
    const seen = new Set<string>();
    do {
      const extension = extensions.enter(Tag.Sequence);
      const id = toHex(extension.content(Tag.ObjectIdentifier));
      const isCritical = extension.flag();
      const value = extension.content(Tag.OctetString);
      extension.expectEnd();
      // RFC 5280, Section 4.2: no extension may come twice.
      if (seen.has(id)) throw new DerError("an extension comes twice");
      seen.add(id);
      const read = readers.get(id);
      if (!read) {
        if (isCritical) {
          this.problem ??= `its extension ${identifierText(id)} is critical and not understood`;
        }
        continue;
      }
      checkDer(value);
      read(this, value);
    } while (!extensions.isAtEnd);
    this.count = seen.size;
    this.#checkTogether(seen);
  }

  /** Whether the key may be used like this; if it does not say, it may. */
  allowsKeyUsage(bit: number): boolean {
    const bits = this.#keyUsage;
    return bits === undefined || ((bits[1 + (bit >>> 3)] ?? 0) & (0x80 >>> (bit & 7))) !== 0;
  }

  /** Whether the certificate may serve this purpose; if it does not say, it may. */
  allowsExtendedUsage(usage: string): boolean {
    const usages = this.#extendedUsages;
    return usages === undefined || usages.has(usage) || usages.has(ExtendedUsage.Any);
  }

  /** RFC 5280, Sections 4.2.1.3 and 4.2.1.10: what only authorities may have. */
  #checkTogether(seen: ReadonlySet<string>): void {
    if (this.isAuthority) return;
    if (this.nameConstraints) throw new DerError("it constrains names and is no authority");
    if (seen.has(Id.KeyUsage) && this.allowsKeyUsage(KeyUsageBit.KeyCertSign)) {
      throw new DerError("its key may sign certificates and it is no authority");
    }
  }

  readBasicConstraints(value: Uint8Array): void {
    const reader = DerReader.inside(value, Tag.Sequence);
    this.isAuthority = reader.flag();
    if (!reader.isAtEnd) this.pathLength = readCount(reader.content(Tag.Integer));
    reader.expectEnd();
  }

  readKeyUsage(value: Uint8Array): void {
    const reader = new DerReader(value);
    const bits = reader.content(Tag.BitString);
    reader.expectEnd();
    // RFC 5280, Section 4.2.1.3: one bit is set at least. X.690, Section 11.2.2 wants the last one to
    // be set; there are roots of the public web where it is not, and it changes nothing.
    if (bits.subarray(1).every((byte) => byte === 0)) {
      throw new DerError("its key usage names none");
    }
    this.#keyUsage = bits;
  }

  readExtendedUsages(value: Uint8Array): void {
    const reader = DerReader.inside(value, Tag.Sequence);
    const usages = new Set<string>();
    do usages.add(toHex(reader.content(Tag.ObjectIdentifier))); while (!reader.isAtEnd);
    this.#extendedUsages = usages;
  }

  readNames(value: Uint8Array): void {
    const reader = DerReader.inside(value, Tag.Sequence);
    const names: GeneralName[] = [];
    do {
      const name = readGeneralName(reader);
      if (name.form === "ip" && name.bytes.length !== 4 && name.bytes.length !== 16) {
        throw new DerError("an address has neither four bytes nor sixteen");
      }
      names.push(name);
    } while (!reader.isAtEnd);
    this.names = names;
  }

  readNameConstraints(value: Uint8Array): void {
    this.nameConstraints = NameConstraints.read(value);
  }
}

const Id = {
  KeyUsage: identifier("2.5.29.15"),
  SubjectAltName: identifier("2.5.29.17"),
  BasicConstraints: identifier("2.5.29.19"),
  NameConstraints: identifier("2.5.29.30"),
  CertificatePolicies: identifier("2.5.29.32"),
  PolicyConstraints: identifier("2.5.29.36"),
  ExtendedKeyUsage: identifier("2.5.29.37"),
} as const;

type ReadExtension = (extensions: CertificateExtensions, value: Uint8Array) => void;

const readers: ReadonlyMap<string, ReadExtension> = new Map<string, ReadExtension>([
  [Id.BasicConstraints, (extensions, value) => extensions.readBasicConstraints(value)],
  [Id.KeyUsage, (extensions, value) => extensions.readKeyUsage(value)],
  [Id.ExtendedKeyUsage, (extensions, value) => extensions.readExtendedUsages(value)],
  [Id.SubjectAltName, (extensions, value) => extensions.readNames(value)],
  [Id.NameConstraints, (extensions, value) => extensions.readNameConstraints(value)],
  // No policy is asked for here, so any will do (RFC 5280, Section 6.1.1)
  [Id.CertificatePolicies, () => {}],
  // unless the issuer asks for one: trees of policies are not kept, so that is not met, critical or
  // not (RFC 5280, Section 4.2.1.11).
  [Id.PolicyConstraints, (extensions) => {
    extensions.problem ??= "it constrains policies, which are not supported";
  }],
]);
