import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Certificate as Structure,
  ExtendedKeyUsage,
  type Extension,
  type GeneralName,
  id_ce_basicConstraints as idBasicConstraints,
  id_ce_certificatePolicies as idCertificatePolicies,
  id_ce_extKeyUsage as idExtendedKeyUsage,
  id_ce_keyUsage as idKeyUsage,
  id_ce_nameConstraints as idNameConstraints,
  id_ce_subjectAltName as idSubjectAltName,
  KeyUsage,
  NameConstraints,
  SubjectAlternativeName,
} from "@peculiar/asn1-x509";
import { Alert, alertError } from "./alert.ts";
import { verifyCertificateSignature } from "./certificate_signature.ts";
import { checkDer } from "./der.ts";

/** Extended key usages (RFC 5280, Section 4.2.1.12). */
export const ExtendedUsage = {
  Any: "2.5.29.37.0",
  ServerAuth: "1.3.6.1.5.5.7.3.1",
  ClientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** Bits of the key usage extension (RFC 5280, Section 4.2.1.3). */
export const KeyUsageBit = { DigitalSignature: 1, KeyCertSign: 32 } as const;

const understood: ReadonlySet<string> = new Set([
  idBasicConstraints,
  idExtendedKeyUsage,
  idKeyUsage,
  idNameConstraints,
  idSubjectAltName,
  // Nobody asks for a policy here, so any will do (RFC 5280, Section 6.1.1).
  idCertificatePolicies,
]);

/** One X.509 certificate: what path validation asks of it (RFC 5280). */
export class Certificate {
  /** The certificate in DER. */
  readonly der: Uint8Array<ArrayBuffer>;
  /** The subject as text: an index, what binds is the signature. */
  readonly subject: string;
  /** The issuer as text. */
  readonly issuer: string;
  /** Start and end of its validity in milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  #key: KeyObject | undefined;
  #structure: Structure | undefined;
  #details: Details | undefined;

  /** @param der One certificate in DER; anything else is a bad_certificate. */
  constructor(der: Uint8Array) {
    this.der = der.slice();
    try {
      checkDer(this.der);
      const x509 = new X509Certificate(this.der);
      this.subject = (x509.subject ?? "").replaceAll("\n", ", ");
      this.issuer = (x509.issuer ?? "").replaceAll("\n", ", ");
      this.notBefore = x509.validFromDate.getTime();
      this.notAfter = x509.validToDate.getTime();
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Its public key. */
  get publicKey(): KeyObject {
    return this.#key ??= this.#readKey();
  }

  /** Whether basic constraints say that it may issue certificates. */
  get isAuthority(): boolean {
    return this.#extensions.isAuthority;
  }

  /** Whether it predates extensions, as some old roots do. */
  get hasExtensions(): boolean {
    return this.#extensions.count > 0;
  }

  /** How many intermediate certificates may follow it; `Infinity` if it does not say. */
  get pathLength(): number {
    return this.#extensions.pathLength;
  }

  /** Names and addresses it is good for. */
  get dnsNames(): readonly string[] {
    return this.#extensions.names.flatMap((name) => name.dNSName ?? []);
  }

  get ipAddresses(): readonly string[] {
    return this.#extensions.names.flatMap((name) => name.iPAddress ?? []);
  }

  /** Every subject alternative name. */
  get alternativeNames(): readonly GeneralName[] {
    return this.#extensions.names;
  }

  /** What it lets certificates below be called. */
  get nameConstraints(): NameConstraints | undefined {
    return this.#extensions.nameConstraints;
  }

  /** Critical extensions that nobody here understands, by object identifier. */
  get unknownCritical(): readonly string[] {
    return this.#extensions.unknownCritical;
  }

  /** Whether its key may be used like this; a certificate that does not say allows everything. */
  allowsKeyUsage(bit: number): boolean {
    const { keyUsage } = this.#extensions;
    return keyUsage === undefined || (keyUsage & bit) !== 0;
  }

  /** Whether it may serve this purpose; a certificate that does not say allows everything. */
  allowsExtendedUsage(usage: string): boolean {
    const { extendedUsages } = this.#extensions;
    return extendedUsages === undefined || extendedUsages.includes(usage) ||
      extendedUsages.includes(ExtendedUsage.Any);
  }

  /** Whether `issuer` signed it. */
  isSignedBy(issuer: Certificate): boolean {
    const { tbsCertificateRaw, signatureAlgorithm, signatureValue } = this.#parsed;
    if (!tbsCertificateRaw) return false;
    return verifyCertificateSignature(
      signatureAlgorithm,
      new Uint8Array(tbsCertificateRaw),
      issuer.publicKey,
      new Uint8Array(signatureValue),
    );
  }

  get #parsed(): Structure {
    try {
      return this.#structure ??= AsnConvert.parse(this.der, Structure);
    } catch (error) {
      throw unreadable(error);
    }
  }

  get #extensions(): Details {
    return this.#details ??= readDetails(this.#parsed.tbsCertificate.extensions ?? []);
  }

  #readKey(): KeyObject {
    try {
      const info = AsnConvert.serialize(this.#parsed.tbsCertificate.subjectPublicKeyInfo);
      return createPublicKey({ key: Buffer.from(info), format: "der", type: "spki" });
    } catch (error) {
      throw alertError(
        Alert.UnsupportedCertificate,
        `Cannot use the key of the certificate for ${this.subject}`,
        error,
      );
    }
  }
}

interface Details {
  count: number;
  isAuthority: boolean;
  pathLength: number;
  keyUsage: number | undefined;
  extendedUsages: readonly string[] | undefined;
  names: readonly GeneralName[];
  nameConstraints: NameConstraints | undefined;
  unknownCritical: string[];
}

function readDetails(extensions: readonly Extension[]): Details {
  const details: Details = {
    count: extensions.length,
    isAuthority: false,
    pathLength: Infinity,
    keyUsage: undefined,
    extendedUsages: undefined,
    names: [],
    nameConstraints: undefined,
    unknownCritical: [],
  };
  const seen = new Set<string>();
  for (const extension of extensions) {
    // RFC 5280, Section 4.2: no extension may come twice.
    if (seen.has(extension.extnID)) throw unreadable(new Error("an extension comes twice"));
    seen.add(extension.extnID);
    if (extension.critical && !understood.has(extension.extnID)) {
      details.unknownCritical.push(extension.extnID);
    }
    try {
      readExtension(extension, details);
    } catch (error) {
      throw unreadable(error);
    }
  }
  return details;
}

function readExtension(extension: Extension, details: Details): void {
  const value = extension.extnValue;
  if (understood.has(extension.extnID)) checkDer(new Uint8Array(value.buffer));
  switch (extension.extnID) {
    case idBasicConstraints: {
      const constraints = AsnConvert.parse(value, BasicConstraints);
      details.isAuthority = constraints.cA;
      details.pathLength = constraints.pathLenConstraint ?? Infinity;
      break;
    }
    case idKeyUsage:
      details.keyUsage = AsnConvert.parse(value, KeyUsage).toNumber();
      break;
    case idExtendedKeyUsage:
      details.extendedUsages = [...AsnConvert.parse(value, ExtendedKeyUsage)];
      break;
    case idSubjectAltName:
      details.names = [...AsnConvert.parse(value, SubjectAlternativeName)];
      break;
    case idNameConstraints:
      details.nameConstraints = AsnConvert.parse(value, NameConstraints);
      break;
  }
}

function unreadable(error: unknown): Error {
  const reason = error instanceof Error ? error.message : String(error);
  return alertError(Alert.BadCertificate, `Cannot read a certificate: ${reason}`, error);
}
