// Makes certificates for development.

import type { Extension, JsonGeneralName, X509Certificate } from "@peculiar/x509";
import { parseIpAddress } from "../bytes/ip_address.ts";

/**
 * A certificate for development, and its key. Only programs that are told to trust it do.
 *
 * @category Certificates
 */
export interface DevelopmentCertificate {
  /** The certificate in PEM. */
  readonly certPem: string;
  /** Its private key, PKCS #8 in PEM. */
  readonly keyPem: string;
  /** SHA-256 of the public key in Base64, for flags that pin a key. */
  readonly spkiSha256Base64: string;
}

/**
 * A certificate with the authority that issued it.
 *
 * @category Certificates
 */
export interface IssuedCertificate extends DevelopmentCertificate {
  /** The authority's certificate in PEM: give it to clients as a trust anchor. */
  readonly caPem: string;
}

/**
 * What a certificate for development is made of.
 *
 * @category Certificates
 */
export interface DevelopmentCertificateOptions {
  /** Days it is valid, at most 14, which is what browsers take. @default {14} */
  readonly days?: number;
  /** Milliseconds since 1970 from when it is valid. @default {an hour ago} */
  readonly epoch?: number;
  /** The kind of key. @default {"P-256"} */
  readonly keyType?: DevelopmentKeyType;
}

/**
 * Kinds of key for development certificates.
 *
 * @category Certificates
 */
export type DevelopmentKeyType = "P-256" | "P-384" | "Ed25519" | "RSA-2048";

const DAY = 86_400_000;
const MAX_DAYS = 14;

/**
 * Makes a self-signed certificate for some names and literal addresses.
 *
 * @example
 * ```ts ignore
 * const { certPem, keyPem } = await makeDevelopmentCertificate(["localhost", "127.0.0.1"]);
 * ```
 *
 * @category Certificates
 */
export async function makeDevelopmentCertificate(
  names: readonly string[],
  options: DevelopmentCertificateOptions = {},
): Promise<DevelopmentCertificate> {
  const x509 = await loadX509();
  const algorithm = algorithms[options.keyType ?? "P-256"];
  const keys = await makeKeys(algorithm);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(options),
    serialNumber: serialNumber(),
    name: `CN=${commonName(names)}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: await leafExtensions(names, keys.publicKey),
  });
  return await describe(certificate, keys);
}

/**
 * Makes an authority and a certificate that it issued, as tests and demonstrations want it.
 *
 * @category Certificates
 */
export async function makeIssuedCertificate(
  names: readonly string[],
  options: DevelopmentCertificateOptions = {},
): Promise<IssuedCertificate> {
  const x509 = await loadX509();
  const algorithm = algorithms[options.keyType ?? "P-256"];
  const [authorityKeys, keys] = [await makeKeys(algorithm), await makeKeys(algorithm)];
  const { KeyUsageFlags } = x509;
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(options),
    serialNumber: serialNumber(),
    name: `CN=Development authority ${serialNumber().slice(2, 10)}`,
    keys: authorityKeys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authorityKeys.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(options),
    serialNumber: serialNumber(),
    subject: `CN=${commonName(names)}`,
    issuer: authority.subject,
    publicKey: keys.publicKey,
    signingKey: authorityKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: await leafExtensions(names, keys.publicKey),
  });
  return { ...await describe(certificate, keys), caPem: authority.toString("pem") + "\n" };
}

type KeyAlgorithm = EcKeyGenParams & EcdsaParams | RsaHashedKeyGenParams | Algorithm;

const algorithms: Readonly<Record<DevelopmentKeyType, KeyAlgorithm>> = {
  "P-256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "P-384": { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  "Ed25519": { name: "Ed25519" },
  "RSA-2048": {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
};

async function makeKeys(algorithm: KeyAlgorithm): Promise<CryptoKeyPair> {
  const extractable = true;
  const keys = await crypto.subtle.generateKey(algorithm, extractable, ["sign", "verify"]);
  return keys as CryptoKeyPair;
}

/** Most programs make no certificate: the library, and what it wants beside it, come when asked for. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  return await import("@peculiar/x509");
}

async function leafExtensions(
  names: readonly string[],
  publicKey: CryptoKey,
): Promise<Extension[]> {
  const x509 = await loadX509();
  const { ExtendedKeyUsage, KeyUsageFlags } = x509;
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension(names.map(alternativeName)),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
}

function alternativeName(name: string): JsonGeneralName {
  const value = name.replace(/^\[|\]$/g, "");
  return { type: parseIpAddress(value) ? "ip" : "dns", value };
}

function validity(options: DevelopmentCertificateOptions): { notBefore: Date; notAfter: Date } {
  const days = options.days ?? MAX_DAYS;
  if (!(days > 0 && days <= MAX_DAYS)) {
    throw new RangeError(`Cannot make a certificate for ${days} days: 14 is the limit`);
  }
  const start = options.epoch ?? Date.now() - DAY / 24;
  return { notBefore: new Date(start), notAfter: new Date(start + days * DAY) };
}

async function describe(
  certificate: X509Certificate,
  keys: CryptoKeyPair,
): Promise<DevelopmentCertificate> {
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", spki));
  return {
    certPem: certificate.toString("pem") + "\n",
    keyPem: pem("PRIVATE KEY", key),
    spkiSha256Base64: digest.toBase64(),
  };
}

function pem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function commonName(names: readonly string[]): string {
  // Only for people: names are in the extension. What would break the text form is left out.
  return (names[0] ?? "development").replace(/[^A-Za-z0-9.:*_-]/g, "").slice(0, 64) ||
    "development";
}

/** A positive number of 16 bytes in hexadecimal. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toHex();
}
