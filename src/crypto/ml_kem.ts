// Chooses the library that does ML-KEM-768.

import { ml_kem768 as noble } from "@noble/post-quantum/ml-kem.js";
import { toHex } from "../bytes/bytes.ts";
import { hash } from "./hkdf.ts";
import { CHANCE_LENGTH, type Kem, SEED_LENGTH } from "./kem.ts";
import { MlKem768 } from "./ml_kem_768.ts";

/** All arithmetic by the library. */
export const nobleKem: Kem = {
  makePair(seed) {
    const { publicKey, secretKey } = noble.keygen(seed);
    return {
      publicKey,
      decapsulate: (ciphertext) => noble.decapsulate(ciphertext.slice(), secretKey),
    };
  },
  encapsulate: (publicKey, chance) => noble.encapsulate(publicKey.slice(), chance),
};

let chosen: Kem | undefined;

/** The fastest one that has proved itself; the proof is at first use. */
export function mlKem(): Kem {
  return chosen ??= tryOwn() ?? nobleKem;
}

function tryOwn(): Kem | undefined {
  try {
    const kem = new MlKem768();
    return proveKem(kem) === undefined ? kem : undefined;
  } catch {
    return undefined; // a runtime without WebAssembly
  }
}

/**
 * Puts a library to the test: known answers, then a ciphertext and a key that are not right.
 *
 * @returns What it did wrong, or `undefined` when it may be used.
 */
export function proveKem(kem: Kem): string | undefined {
  const seed = Uint8Array.from({ length: SEED_LENGTH }, (_, i) => i);
  const pair = kem.makePair(seed);
  const digest = (bytes: Uint8Array) => toHex(hash("sha256", bytes));
  if (digest(pair.publicKey) !== PUBLIC_KEY) return "wrong key";
  const { cipherText, sharedSecret } = kem.encapsulate(
    pair.publicKey,
    seed.subarray(0, CHANCE_LENGTH),
  );
  if (digest(cipherText) !== CIPHERTEXT) return "wrong ciphertext";
  if (toHex(sharedSecret) !== SECRET) return "wrong secret";
  if (toHex(pair.decapsulate(cipherText)) !== SECRET) return "wrong secret out of a ciphertext";
  cipherText[700]! ^= 1;
  if (toHex(pair.decapsulate(cipherText)) !== REJECTION) return "wrong secret out of a forgery";
  const key = pair.publicKey.slice();
  key.fill(0xff, 0, 3);
  try {
    kem.encapsulate(key, seed.subarray(0, CHANCE_LENGTH));
  } catch {
    return undefined;
  }
  return "a key that is not reduced was taken";
}

// FIPS 203 with the seed 00 01 ... 3f and the chance 00 01 ... 1f: SHA-256 of the public key and of
// the ciphertext, the secret, and that of the ciphertext with bit 0 of byte 700 changed.
const PUBLIC_KEY = "0b7934c83125c788995e2ba6bd761e33046b3e40571be53e023309a29f398cc9";
const CIPHERTEXT = "39826fe40dc54a3fef68b7c228ed8fb22931012b6fa3bd3e7f204d54db0ac1e1";
const SECRET = "42f558b0bc5d700a911b0fc67f62376f7aee4667f1969e03f18bdfdf3c59fbdc";
const REJECTION = "b94e05c043a2b8393a7e78531bb5726fd850f01d5d2b6a9ffa157e3591a6a5c9";
