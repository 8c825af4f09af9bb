// The elliptic curves of key exchange.

import { Buffer } from "node:buffer";
import { createECDH, createPrivateKey, createPublicKey, diffieHellman } from "node:crypto";
import { x25519 } from "@noble/curves/ed25519.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { equalBytes, fromHex } from "../../bytes/bytes.ts";
import { Alert, alertError } from "../code/alert.ts";

/*
 * Measured on Deno 2.9 (µs, public key / shared secret): X25519 210 / 426 noble, 26 / 55
 * node:crypto; P-256 218 / 1,097 against 229 / 656; P-384 410 / 1,779 against 400 / 1,585.
 */

/** One curve: what TLS asks of it. The peer's point may be anything; `agree` throws if it is bad. */
export interface Curve {
  /** Bytes of a public key on the wire. */
  readonly publicLength: number;
  /** Bytes of chance that make a private key. */
  readonly seedLength: number;
  /** The private key that `seed` leads to. */
  privateKey(seed: Uint8Array): Uint8Array;
  publicKey(privateKey: Uint8Array): Uint8Array;
  agree(privateKey: Uint8Array, peer: Uint8Array): Uint8Array;
}

/** The name of a curve. */
export type CurveName = "x25519" | "p256" | "p384";

/**
 * The fastest way to calculate on a curve that has proved itself.
 *
 * The runtime's `node:crypto` is put to the test at first use, with an answer that is known and
 * points that must be refused; if it fails, the library in script stands in.
 */
export function curve(name: CurveName): Curve {
  return chosen[name] ??= isProved(native[name], proofs[name]) ? native[name] : portable[name];
}

/** The secret of our private key and the peer's public one; a bad one is an illegal_parameter. */
export function agreeOn(name: CurveName, privateKey: Uint8Array, peer: Uint8Array): Uint8Array {
  const { publicLength } = curve(name);
  // RFC 9846, Section 4.3.8.2: points on the NIST curves come uncompressed.
  if (peer.length !== publicLength || (name !== "x25519" && peer[0] !== 4)) throw badShare(name);
  let secret: Uint8Array;
  try {
    secret = curve(name).agree(privateKey, peer);
  } catch (error) {
    throw badShare(name, error);
  }
  // RFC 7748, Section 6.1: zeros come from a point of small order.
  if (secret.every((byte) => byte === 0)) throw badShare(name);
  return secret;
}

/** The curves in script alone. */
export const portable: Readonly<Record<CurveName, Curve>> = {
  x25519: {
    publicLength: 32,
    seedLength: 32,
    privateKey: identity,
    publicKey: (privateKey) => x25519.getPublicKey(privateKey),
    agree: (privateKey, peer) => x25519.getSharedSecret(privateKey, peer),
  },
  p256: portableNist(p256),
  p384: portableNist(p384),
};

/** The curves through the runtime, proved before they are used. */
export const native: Readonly<Record<CurveName, Curve>> = {
  x25519: {
    publicLength: 32,
    seedLength: 32,
    privateKey: identity,
    publicKey: nativeX25519Public,
    agree: nativeX25519Agree,
  },
  p256: nativeNist("prime256v1", p256),
  p384: nativeNist("secp384r1", p384),
};

const chosen: Partial<Record<CurveName, Curve>> = {};

function badShare(name: CurveName, cause?: unknown): Error {
  return alertError(
    Alert.IllegalParameter,
    `Cannot agree on a key: the peer's share is no point on ${name}`,
    cause,
  );
}

function identity(seed: Uint8Array): Uint8Array {
  return seed;
}

function portableNist(nist: typeof p256): Curve {
  return {
    publicLength: nist.lengths.publicKeyUncompressed!,
    seedLength: nist.lengths.seed!,
    privateKey: (seed) => nist.utils.randomSecretKey(seed),
    publicKey: (privateKey) => nist.getPublicKey(privateKey, false),
    agree: (privateKey, peer) => nist.getSharedSecret(privateKey, peer).slice(1),
  };
}

function nativeNist(name: string, nist: typeof p256): Curve {
  return {
    ...portableNist(nist),
    publicKey(privateKey) {
      const exchange = createECDH(name);
      exchange.setPrivateKey(privateKey);
      return exchange.getPublicKey();
    },
    agree(privateKey, peer) {
      const exchange = createECDH(name);
      exchange.setPrivateKey(privateKey);
      return exchange.computeSecret(peer);
    },
  };
}

/** DER around a raw X25519 key (RFC 8410, Sections 4 and 7). */
const privatePrefix = fromHex("302e020100300506032b656e04220420");
const publicPrefix = fromHex("302a300506032b656e032100");

function nativeX25519Public(privateKey: Uint8Array): Uint8Array {
  const key = createPublicKey(nativePrivate(privateKey));
  return key.export({ format: "der", type: "spki" }).subarray(publicPrefix.length);
}

function nativeX25519Agree(privateKey: Uint8Array, peer: Uint8Array): Uint8Array {
  const publicKey = createPublicKey({
    key: Buffer.concat([publicPrefix, peer]),
    format: "der",
    type: "spki",
  });
  return diffieHellman({ privateKey: nativePrivate(privateKey), publicKey });
}

function nativePrivate(privateKey: Uint8Array): ReturnType<typeof createPrivateKey> {
  const key = Buffer.concat([privatePrefix, privateKey]);
  return createPrivateKey({ key, format: "der", type: "pkcs8" });
}

interface Proof {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly peer: Uint8Array;
  readonly secret: Uint8Array;
  /** A point that must be refused. */
  readonly bad: Uint8Array;
}

function isProved(candidate: Curve, proof: Proof): boolean {
  try {
    if (!equalBytes(candidate.publicKey(proof.privateKey), proof.publicKey)) return false;
    if (!equalBytes(candidate.agree(proof.privateKey, proof.peer), proof.secret)) return false;
  } catch {
    return false;
  }
  try {
    // A secret of zeros is refused by the caller, as RFC 7748, Section 6.1 wants it.
    return candidate.agree(proof.privateKey, proof.bad).every((byte) => byte === 0);
  } catch {
    return true;
  }
}

/** The bytes from `first` on, each one more than the last. */
function counting(first: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => first + i);
}

const proofs: Readonly<Record<CurveName, Proof>> = {
  x25519: {
    privateKey: counting(1, 32),
    publicKey: fromHex("07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"),
    peer: fromHex("5714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e2698b410c36"),
    secret: fromHex("c9ea6a3f79a000b60b076d4afc990b272f3f0b5aaa3f0b8713c209273e363863"),
    bad: new Uint8Array(32),
  },
  p256: {
    privateKey: counting(1, 32),
    publicKey: fromHex(
      `04515c3d6eb9e396b904d3feca7f54fdcd0cc1e997bf375dca515ad0a6c3b4035f
       4536be3a50f318fbf9a5475902a221502bef0d57e08c53b2cc0a56f17d9f9354`,
    ),
    peer: fromHex(
      `04254ee6d1bad1c74ce2fd28ac529a166af4950a0e3da0bc53d96bf40dce38ebe7
       df5937f11e869d453729a222f63e709d0740b97544e1416b1e5a401b385fb950`,
    ),
    secret: fromHex("06ffe83794e29d2f01c6bf4366e57da374a099401b7812d3d7ca2f0782a4e96e"),
    bad: new Uint8Array(65).fill(4),
  },
  p384: {
    privateKey: counting(1, 48),
    publicKey: fromHex(
      `04c76f2283dda95cd49b0ed9e733d2904474e37216f124e13d2c9ab4cf01021c49
       ad9cabb3d0b97499aef2f0ab313fa02826bc1f83451b5c8962a75caff73588d4
       400a6296436154fb343c393e91048a6c7bcbadc83cd8a5f26feae883156f92a1`,
    ),
    peer: fromHex(
      `0463ef7fd80a10d9b162d2ddbd5a3b71c7f6b8c3d33a5f9f1aa51e7ab9b9c9e95b
       67b1d6a6a3529a085e8019b94f729e3e5027c4f58fb3ca6204e0a826611eb945
       e20ca52c60ed60f32905e5be6f1828634e4661ebc2250bf124bd6d0fd40acd03`,
    ),
    secret: fromHex(
      `d22cbe48bd212803a37a54e5db277d015b113cc06d4bcf1ca03924e50fd7dfba
       9d0a8a14b7593b9ff9a8c587a1f6ff82`,
    ),
    bad: new Uint8Array(97).fill(4),
  },
};
