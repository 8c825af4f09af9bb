// The public key of a certificate, and what a signature with it costs to verify.

import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject } from "node:crypto";
import { toHex } from "../../bytes/bytes.ts";
import { LEAST_RSA_BITS, MOST_RSA_BITS } from "../../limits/limits.ts";
import { checkDer, DerReader, readWholeBits, Tag } from "./der.ts";
import { identifier, identifierText } from "./object_identifier.ts";
import { readPssParameters } from "./pss_parameters.ts";

/** Kinds of keys that signatures are verified with. */
export type KeyKind = "rsa" | "rsa-pss" | Curve | "Ed25519";
type Curve = "P-256" | "P-384" | "P-521";

/** The key of a certificate (RFC 5280, Section 4.1.2.7), as far as it can be used. */
export class CertificateKey {
  /** Of what kind it is; `undefined` if signatures cannot be verified with it. */
  readonly kind: KeyKind | undefined;
  /** Why it cannot be used, if so. */
  readonly problem: string | undefined;
  /** Microseconds that one signature takes to verify. */
  readonly cost: number;
  /** The hash that a key of kind "rsa-pss" is bound to, if it is (RFC 4055, Section 1.2). */
  readonly hash: string | undefined;
  /** The SubjectPublicKeyInfo in DER. */
  readonly info: Uint8Array;
  #object: KeyObject | undefined;

  /**
   * @param info A SubjectPublicKeyInfo that `checkDer` has passed.
   * @throws {DerError} If it is none.
   */
  constructor(info: Uint8Array) {
    this.info = info;
    const found = readKey(info);
    this.kind = found.problem === undefined ? found.kind : undefined;
    this.problem = found.problem;
    this.cost = found.cost ?? 0;
    this.hash = found.hash;
  }

  /**
   * The key as the runtime uses it.
   *
   * @throws {Error} If it is no key, or none for the runtime.
   */
  get object(): KeyObject {
    return this.#object ??= createPublicKey({
      key: Buffer.from(this.info),
      format: "der",
      type: "spki",
    });
  }
}

interface Found {
  readonly kind?: KeyKind;
  readonly problem?: string;
  readonly cost?: number;
  readonly hash?: string | undefined;
}

const RSA = identifier("1.2.840.113549.1.1.1");
const RSA_PSS = identifier("1.2.840.113549.1.1.10");
const EC = identifier("1.2.840.10045.2.1");
const ED25519 = identifier("1.3.101.112");

const curves: ReadonlyMap<string, { kind: Curve; bytes: number; cost: number }> = new Map([
  [identifier("1.2.840.10045.3.1.7"), { kind: "P-256", bytes: 32, cost: 500 }],
  [identifier("1.3.132.0.34"), { kind: "P-384", bytes: 48, cost: 1_100 }],
  [identifier("1.3.132.0.35"), { kind: "P-521", bytes: 66, cost: 1_500 }],
]);

function readKey(info: Uint8Array): Found {
  const reader = DerReader.inside(info, Tag.Sequence);
  const algorithm = reader.enter(Tag.Sequence);
  const type = toHex(algorithm.content(Tag.ObjectIdentifier));
  const bits = readWholeBits(reader.content(Tag.BitString));
  reader.expectEnd();
  switch (type) {
    case RSA:
      // RFC 3279, Section 2.3.1: there are parameters, and they are NULL.
      algorithm.content(Tag.Null);
      algorithm.expectEnd();
      return readRsa("rsa", bits);
    case RSA_PSS:
      return readPss(algorithm, bits);
    case EC:
      return readEc(algorithm, bits);
    case ED25519:
      algorithm.expectEnd(); // RFC 8410, Section 3
      return bits.length === 32
        ? { kind: "Ed25519", cost: 100 }
        : { problem: "its key is no point of a curve" };
  }
  return { problem: `its key is of a kind that is not supported, ${identifierText(type)}` };
}

function readEc(algorithm: DerReader, bits: Uint8Array): Found {
  // RFC 5480, Section 2.1.1: a curve is named, never described.
  if (algorithm.tag !== Tag.ObjectIdentifier) return { problem: "its curve has no name" };
  const id = toHex(algorithm.content(Tag.ObjectIdentifier));
  algorithm.expectEnd();
  const curve = curves.get(id);
  // A curve that is not offered is not taken either (RFC 9846, Section 4.3.3).
  if (!curve) return { problem: `its key is on curve ${identifierText(id)}, which is not offered` };
  const { kind, cost, bytes } = curve;
  if (bits[0] === 4 && bits.length === 1 + 2 * bytes) return { kind, cost };
  return { problem: "its key is no point of its curve, uncompressed" };
}

function readPss(algorithm: DerReader, bits: Uint8Array): Found {
  // RFC 4055, Section 3.1: without parameters the key is good for any hash.
  if (algorithm.isAtEnd) return readRsa("rsa-pss", bits);
  const parameters = readPssParameters(algorithm);
  algorithm.expectEnd();
  // RFC 4055, Section 3.3: signatures have that hash, and that much salt or more.
  if (parameters === undefined || parameters.saltLength > parameters.hashLength) {
    return { problem: "its key is for signatures that are not offered" };
  }
  return { ...readRsa("rsa-pss", bits), hash: parameters.hash };
}

/**
 * RFC 8017, Appendix A.1.1. What a signature costs grows with the square of the modulus and with
 * the exponent, so both are bounded; the latter is 65537 nearly everywhere.
 */
function readRsa(kind: KeyKind, bits: Uint8Array): Found {
  checkDer(bits);
  const reader = DerReader.inside(bits, Tag.Sequence);
  const modulus = reader.content(Tag.Integer);
  const exponent = reader.content(Tag.Integer);
  reader.expectEnd();
  const size = bitLength(modulus);
  if (size < LEAST_RSA_BITS || size > MOST_RSA_BITS) {
    const limits = `${LEAST_RSA_BITS} to ${MOST_RSA_BITS}`;
    return { problem: `its key has ${size} bits, and ${limits} are taken here` };
  }
  const isOdd = (modulus.at(-1)! & exponent.at(-1)! & 1) === 1;
  const length = bitLength(exponent);
  if (!isOdd || length < 2 || length > 33) return { problem: "its RSA key is none that is in use" };
  return { kind, cost: 50 + size * size / 25_000 * (length > 17 ? 1.5 : 1) };
}

/** How many bits a number has that is not negative; 0 for one that is. */
function bitLength(integer: Uint8Array): number {
  if (integer[0]! > 0x7f) return 0;
  const first = integer[0] === 0 && integer.length > 1 ? 1 : 0;
  return 8 * (integer.length - first - 1) + (32 - Math.clz32(integer[first]!));
}
