// The hybrid key exchange X25519MLKEM768.

import { concatBytes } from "../../bytes/bytes.ts";
import {
  CHANCE_LENGTH,
  CIPHERTEXT_LENGTH,
  ENCAPSULATION_KEY_LENGTH,
  type KemAnswer,
  SEED_LENGTH,
} from "../../crypto/kem.ts";
import { mlKem } from "../../crypto/ml_kem.ts";
import type { Random } from "../../crypto/random.ts";
import { Alert, alertError } from "../code/alert.ts";
import { NamedGroup } from "../code/code_point.ts";
import { agreeOn, curve } from "./diffie_hellman.ts";
import type { KeyAnswer, KeyShare } from "./key_share.ts";

/*
 * X25519MLKEM768 of draft-ietf-tls-ecdhe-mlkem: ML-KEM-768 and X25519 side by side, so that the
 * secret holds as long as one of them does. In every field the part of ML-KEM comes first.
 */

const X25519_LENGTH = 32;

/** A client's hybrid key share of 1,216 bytes. */
export function makeHybridShare(group: number, random: Random): KeyShare {
  const kem = mlKem().makePair(random.bytes(SEED_LENGTH));
  const privateKey = random.bytes(X25519_LENGTH);
  return {
    group,
    publicKey: concatBytes(kem.publicKey, curve("x25519").publicKey(privateKey)),
    agree(peer) {
      if (peer.length !== CIPHERTEXT_LENGTH + X25519_LENGTH) throw badShare("its length is wrong");
      // A ciphertext that was tampered with gives another secret, not an error (FIPS 203).
      const first = kem.decapsulate(peer.subarray(0, CIPHERTEXT_LENGTH));
      return concatBytes(first, agreeOn("x25519", privateKey, peer.subarray(CIPHERTEXT_LENGTH)));
    },
  };
}

/** A server's answer to a hybrid key share: 1,120 bytes. */
export function respondHybrid(peer: Uint8Array, random: Random): KeyAnswer {
  if (peer.length !== ENCAPSULATION_KEY_LENGTH + X25519_LENGTH) {
    throw badShare("its length is wrong");
  }
  const kem = encapsulate(peer.subarray(0, ENCAPSULATION_KEY_LENGTH), random);
  const privateKey = random.bytes(X25519_LENGTH);
  const second = agreeOn("x25519", privateKey, peer.subarray(ENCAPSULATION_KEY_LENGTH));
  return {
    publicKey: concatBytes(kem.cipherText, curve("x25519").publicKey(privateKey)),
    secret: concatBytes(kem.sharedSecret, second),
  };
}

function encapsulate(key: Uint8Array, random: Random): KemAnswer {
  const chance = random.bytes(CHANCE_LENGTH);
  try {
    return mlKem().encapsulate(key, chance);
  } catch (error) {
    throw badShare("its key is not reduced", error);
  }
}

function badShare(reason: string, cause?: unknown): Error {
  const group = NamedGroup.X25519MlKem768.toString(16);
  return alertError(
    Alert.IllegalParameter,
    `Cannot agree on a key in group 0x${group}: ${reason}`,
    cause,
  );
}
