import { constants, type KeyObject, verify, type VerifyKeyObjectInput } from "node:crypto";
import { AsnConvert } from "@peculiar/asn1-schema";
import type { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { RsaSaPssParams } from "@peculiar/asn1-rsa";

/**
 * Whether `signature` over a certificate's signed part is right.
 *
 * Algorithms that rest on SHA-1 or MD5 are no signatures any more, nor are RSA keys below 2048 bits.
 */
export function verifyCertificateSignature(
  algorithm: AlgorithmIdentifier,
  signed: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  const method = algorithm.algorithm === ID_RSA_PSS
    ? pssMethod(algorithm.parameters)
    : methods.get(algorithm.algorithm);
  if (!method || !method.keyTypes.includes(key.asymmetricKeyType ?? "") || isWeak(key)) {
    return false;
  }
  const input: VerifyKeyObjectInput = { key };
  if (method.saltLength !== undefined) {
    input.padding = constants.RSA_PKCS1_PSS_PADDING;
    input.saltLength = method.saltLength;
  }
  try {
    return verify(method.hash, signed, method.saltLength === undefined ? key : input, signature);
  } catch {
    return false;
  }
}

/** Whether the key is too short to be believed. */
export function isWeak(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < 2048;
}

interface Method {
  readonly keyTypes: readonly string[];
  readonly hash: string | null;
  readonly saltLength?: number;
}

const ID_RSA_PSS = "1.2.840.113549.1.1.10";

const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  ["1.2.840.113549.1.1.11", { keyTypes: ["rsa"], hash: "sha256" }],
  ["1.2.840.113549.1.1.12", { keyTypes: ["rsa"], hash: "sha384" }],
  ["1.2.840.113549.1.1.13", { keyTypes: ["rsa"], hash: "sha512" }],
  ["1.2.840.10045.4.3.2", { keyTypes: ["ec"], hash: "sha256" }],
  ["1.2.840.10045.4.3.3", { keyTypes: ["ec"], hash: "sha384" }],
  ["1.2.840.10045.4.3.4", { keyTypes: ["ec"], hash: "sha512" }],
  ["1.3.101.112", { keyTypes: ["ed25519"], hash: null }],
]);

const hashes: ReadonlyMap<string, string> = new Map([
  ["2.16.840.1.101.3.4.2.1", "sha256"],
  ["2.16.840.1.101.3.4.2.2", "sha384"],
  ["2.16.840.1.101.3.4.2.3", "sha512"],
]);

/** RFC 4055, Section 3.1: RSA-PSS names its hash and salt in parameters. */
function pssMethod(parameters: ArrayBuffer | null | undefined): Method | undefined {
  if (!parameters) return undefined;
  try {
    const { hashAlgorithm, saltLength } = AsnConvert.parse(parameters, RsaSaPssParams);
    const hash = hashes.get(hashAlgorithm.algorithm);
    return hash === undefined ? undefined : { keyTypes: ["rsa", "rsa-pss"], hash, saltLength };
  } catch {
    return undefined;
  }
}
