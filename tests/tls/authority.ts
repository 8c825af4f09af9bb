import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { EPOCH } from "./pair.ts";

/** A certificate made for a test, with its key. */
export interface Made {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

/** What is unusual about a certificate. */
export interface Unusual {
  readonly subject?: string;
  readonly names?: readonly { type: "dns" | "ip"; value: string }[];
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** A certificate authority with this path length; `false` for none. */
  readonly authority?: number | undefined | false;
  readonly usage?: readonly string[];
  readonly keyUsage?: number;
  readonly extensions?: readonly x509.Extension[];
  /** The key of this one is used in place of a new one. */
  readonly keys?: CryptoKeyPair;
  /** The issuer's signature is made with this key instead. */
  readonly signWith?: CryptoKey;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
let serial = 0x1000;

/** Makes a certificate; without an issuer it signs itself. */
export async function make(issuer: Made | undefined, unusual: Unusual = {}): Promise<Made> {
  const keys = unusual.keys ??
    await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
  const isAuthority = unusual.authority !== false;
  const pathLength = unusual.authority === false ? undefined : unusual.authority;
  const subject = unusual.subject ?? `CN=test ${++serial}`;
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(isAuthority, pathLength, true),
    new x509.KeyUsagesExtension(
      unusual.keyUsage ??
        (isAuthority ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature),
      true,
    ),
    ...unusual.extensions ?? [],
  ];
  if (unusual.names) {
    extensions.push(new x509.SubjectAlternativeNameExtension([...unusual.names]));
  }
  if (unusual.usage) extensions.push(new x509.ExtendedKeyUsageExtension([...unusual.usage]));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: (++serial).toString(16),
    subject,
    issuer: issuer?.certificate.subject ?? subject,
    notBefore: new Date(unusual.notBefore ?? EPOCH - DAY),
    notAfter: new Date(unusual.notAfter ?? EPOCH + DAY),
    publicKey: keys.publicKey,
    signingKey: unusual.signWith ?? issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: algorithm,
    extensions,
  });
  return {
    der: new Uint8Array(certificate.rawData),
    pem: certificate.toString("pem"),
    certificate,
    keys,
  };
}

/** A server's certificate for a.test. */
export function makeLeaf(issuer: Made | undefined, unusual: Unusual = {}): Promise<Made> {
  return make(issuer, { authority: false, names: [{ type: "dns", value: "a.test" }], ...unusual });
}
