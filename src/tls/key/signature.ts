// The signature schemes of TLS, and the CertificateVerify message.

import type { SignatureEngine, SignatureMethod } from "../../crypto/signature_engine.ts";
import type { Role } from "../../error/role.ts";
import { constants, type KeyObject, verify } from "node:crypto";
import { checkEcdsaSignature } from "../x509/certificate_signature.ts";
import { SignatureScheme } from "../code/code_point.ts";
import { LEAST_RSA_BITS } from "../../limits/limits.ts";

/** The algorithm of a signature scheme. */
export interface SchemeMethod extends SignatureMethod {
  /** The curve the key must be on (RFC 9846, Section 4.3.3). */
  readonly curve?: string;
}

const methods: ReadonlyMap<number, SchemeMethod> = new Map<number, SchemeMethod>([
  [SignatureScheme.EcdsaP256Sha256, { keyType: "ec", curve: "prime256v1", hash: "sha256" }],
  [SignatureScheme.Ed25519, { keyType: "ed25519", hash: null }],
  [SignatureScheme.EcdsaP384Sha384, { keyType: "ec", curve: "secp384r1", hash: "sha384" }],
  [SignatureScheme.EcdsaP521Sha512, { keyType: "ec", curve: "secp521r1", hash: "sha512" }],
  [SignatureScheme.RsaPssRsaeSha256, { keyType: "rsa", hash: "sha256", saltLength: 32 }],
  [SignatureScheme.RsaPssRsaeSha384, { keyType: "rsa", hash: "sha384", saltLength: 48 }],
  [SignatureScheme.RsaPssRsaeSha512, { keyType: "rsa", hash: "sha512", saltLength: 64 }],
  [SignatureScheme.RsaPssPssSha256, { keyType: "rsa-pss", hash: "sha256", saltLength: 32 }],
  [SignatureScheme.RsaPssPssSha384, { keyType: "rsa-pss", hash: "sha384", saltLength: 48 }],
  [SignatureScheme.RsaPssPssSha512, { keyType: "rsa-pss", hash: "sha512", saltLength: 64 }],
]);

/** The schemes we take for CertificateVerify, best first. */
export const handshakeSchemes: readonly number[] = [...methods.keys()];

/** The schemes we take in certificates: PKCS #1 v1.5 lives on there (RFC 9846, Section 4.3.3). */
export const certificateSchemes: readonly number[] = [
  ...handshakeSchemes,
  SignatureScheme.RsaPkcs1Sha256,
  SignatureScheme.RsaPkcs1Sha384,
  SignatureScheme.RsaPkcs1Sha512,
];

/** The schemes that `key` can sign with, best first. */
export function schemesOf(key: KeyObject): number[] {
  return handshakeSchemes.filter((scheme) => fits(methods.get(scheme)!, key));
}

/** Why `key` cannot sign a handshake; `undefined` if it can. */
export function keyProblem(key: KeyObject): string | undefined {
  const { namedCurve, hashAlgorithm, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (isWeak(key)) return `${modulusLength} bits are too short, ${LEAST_RSA_BITS} are the least`;
  if (schemesOf(key).length > 0) return undefined;
  const detail = namedCurve ?? hashAlgorithm;
  const kind = `${key.asymmetricKeyType}${detail === undefined ? "" : ` (${detail})`}`;
  return `no signature that is offered here is made with a key of type ${kind}`;
}

/** Whether a key is too short to be believed. */
function isWeak(key: KeyObject): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  return bits !== undefined && bits < LEAST_RSA_BITS;
}

/** How `scheme` is carried out; only for schemes of `handshakeSchemes`. */
export function schemeMethod(scheme: number): SchemeMethod {
  const method = methods.get(scheme);
  if (method) return method;
  throw new RangeError(`Cannot sign with scheme 0x${scheme.toString(16)}: it is not known`);
}

/** Whether `key` is of the kind that `scheme` demands. */
export function isSchemeFor(scheme: number, key: KeyObject): boolean {
  const method = methods.get(scheme);
  return method !== undefined && fits(method, key);
}

/**
 * Whether `signature` over `content` is right. Never throws on forged input.
 *
 * @param engine Verifies in place of the runtime, unless it declines.
 */
export function verifySignature(
  scheme: number,
  key: KeyObject,
  content: Uint8Array,
  signature: Uint8Array,
  engine?: SignatureEngine,
): boolean {
  if (!isSchemeFor(scheme, key) || isWeak(key)) return false;
  const method = schemeMethod(scheme);
  const { hash, saltLength, keyType } = method;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  try {
    if (keyType === "ec") checkEcdsaSignature(signature);
    return engine?.verify(key, method, content, signature) ?? verify(
      hash,
      content,
      saltLength === undefined ? key : { key, padding, saltLength },
      signature,
    );
  } catch {
    return false;
  }
}

const spaces = new Uint8Array(64).fill(0x20);
const encoder = new TextEncoder();
const contexts = {
  server: encoder.encode("TLS 1.3, server CertificateVerify\0"),
  client: encoder.encode("TLS 1.3, client CertificateVerify\0"),
};

/**
 * The content that CertificateVerify signs: the role of the signer, and the hash of all messages
 * (RFC 9846, Section 4.5.2).
 */
export function signedContent(signer: Role, transcriptHash: Uint8Array): Uint8Array {
  const context = contexts[signer];
  const content = new Uint8Array(spaces.length + context.length + transcriptHash.length);
  content.set(spaces);
  content.set(context, spaces.length);
  content.set(transcriptHash, spaces.length + context.length);
  return content;
}

function fits(method: SchemeMethod, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== method.keyType) return false;
  const { namedCurve, hashAlgorithm } = key.asymmetricKeyDetails ?? {};
  // RFC 4055, Section 3.3: a key of RSA-PSS may be bound to one hash.
  if (hashAlgorithm !== undefined && hashAlgorithm !== method.hash) return false;
  return method.curve === undefined || namedCurve === method.curve;
}
