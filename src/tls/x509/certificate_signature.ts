// The signature of one certificate by the key of another.

import { constants, type KeyObject, verify } from "node:crypto";
import { toHex } from "../../bytes/bytes.ts";
import type { CertificateKey, KeyKind } from "./certificate_key.ts";
import { checkDer, DerReader, Tag } from "./der.ts";
import { identifier } from "./object_identifier.ts";
import { readPssParameters } from "./pss_parameters.ts";

/** What is wrong with a signature: it is not that of the key, or of no kind that is verified here. */
export type SignatureProblem = "wrong" | "unsupported";

/**
 * What is wrong with `signature` over a certificate's signed part; `undefined` if it is right.
 *
 * Algorithms that rest on SHA-1 or MD5 are no signatures any more.
 *
 * @param algorithm An AlgorithmIdentifier that `checkDer` has passed.
 */
export function signatureProblem(
  algorithm: Uint8Array,
  signed: Uint8Array,
  key: CertificateKey,
  signature: Uint8Array,
): SignatureProblem | undefined {
  const method = readMethod(algorithm);
  const object = usableObject(key);
  if (!method || !object) return "unsupported";
  if (!method.kinds.includes(key.kind!)) return "wrong";
  if (key.hash !== undefined && key.hash !== method.hash) return "wrong";
  // The runtime verifies no hash that is shorter than half of the key.
  if (key.kind === "P-521" && method.hash === "sha256") return "unsupported";
  try {
    if (ecdsa.includes(key.kind!)) checkEcdsaSignature(signature);
    return verifyWith(method, signed, object, signature) ? undefined : "wrong";
  } catch {
    return "wrong";
  }
}

function verifyWith(
  { hash, saltLength }: Method,
  signed: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  if (saltLength === undefined) return verify(hash, signed, key, signature);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  return verify(hash, signed, { key, padding, saltLength }, signature);
}

/** The key as the runtime has it, if it can. */
function usableObject(key: CertificateKey): KeyObject | undefined {
  try {
    return key.kind && key.object;
  } catch {
    return undefined;
  }
}

/**
 * Refuses what is not exactly two numbers in DER (RFC 3279, Section 2.2.3).
 *
 * @throws {DerError} What is wrong.
 */
export function checkEcdsaSignature(signature: Uint8Array): void {
  checkDer(signature);
  const reader = DerReader.inside(signature, Tag.Sequence);
  reader.content(Tag.Integer);
  reader.content(Tag.Integer);
  reader.expectEnd();
}

interface Method {
  readonly kinds: readonly KeyKind[];
  readonly hash: string | null;
  readonly saltLength?: number;
}

const RSA_PSS = identifier("1.2.840.113549.1.1.10");
const ecdsa: readonly KeyKind[] = ["P-256", "P-384", "P-521"];
const rsa: readonly KeyKind[] = ["rsa"];

const methods: ReadonlyMap<string, Method> = new Map<string, Method>([
  [identifier("1.2.840.113549.1.1.11"), { kinds: rsa, hash: "sha256" }],
  [identifier("1.2.840.113549.1.1.12"), { kinds: rsa, hash: "sha384" }],
  [identifier("1.2.840.113549.1.1.13"), { kinds: rsa, hash: "sha512" }],
  [identifier("1.2.840.10045.4.3.2"), { kinds: ecdsa, hash: "sha256" }],
  [identifier("1.2.840.10045.4.3.3"), { kinds: ecdsa, hash: "sha384" }],
  [identifier("1.2.840.10045.4.3.4"), { kinds: ecdsa, hash: "sha512" }],
  [identifier("1.3.101.112"), { kinds: ["Ed25519"], hash: null }],
]);

/** How a signature is verified; `undefined` if it is not. */
function readMethod(algorithm: Uint8Array): Method | undefined {
  try {
    const reader = DerReader.inside(algorithm, Tag.Sequence);
    const id = toHex(reader.content(Tag.ObjectIdentifier));
    if (id === RSA_PSS) return readPss(reader);
    const method = methods.get(id);
    // RFC 4055, Section 5: with RSA there is NULL, or nothing. RFC 5758, Section 3.2 and RFC 8410,
    // Section 3: with the others there is nothing.
    if (method?.kinds === rsa && !reader.isAtEnd) reader.content(Tag.Null);
    reader.expectEnd();
    return method;
  } catch {
    return undefined;
  }
}

function readPss(reader: DerReader): Method | undefined {
  const parameters = readPssParameters(reader);
  reader.expectEnd();
  // RFC 9846, Section 4.3.3: as much salt as the hash is long; nothing else is offered.
  if (parameters?.saltLength !== parameters?.hashLength) return undefined;
  return parameters && { kinds: ["rsa", "rsa-pss"], ...parameters };
}
