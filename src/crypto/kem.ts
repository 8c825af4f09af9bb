// What the core needs of a key encapsulation mechanism, which is ML-KEM-768 (FIPS 203).

/** Bytes of what goes over the wire. */
export const ENCAPSULATION_KEY_LENGTH = 1_184;
export const CIPHERTEXT_LENGTH = 1_088;
/** Bytes of chance that make a pair of keys, and an encapsulation. */
export const SEED_LENGTH = 64;
export const CHANCE_LENGTH = 32;

/** A pair of keys, for one ciphertext. */
export interface KemPair {
  /** What the other end encapsulates with. */
  readonly publicKey: Uint8Array;
  /** The secret in a ciphertext; one that was tampered with has another secret. */
  decapsulate(ciphertext: Uint8Array): Uint8Array;
}

/** What an encapsulation gives. */
export interface KemAnswer {
  readonly cipherText: Uint8Array;
  readonly sharedSecret: Uint8Array;
}

/** A library that does it. */
export interface Kem {
  /** A pair of keys from 64 random bytes. */
  makePair(seed: Uint8Array): KemPair;
  /**
   * A secret for the owner of a public key, from 32 random bytes.
   *
   * @throws {RangeError} If the key is none.
   */
  encapsulate(publicKey: Uint8Array, chance: Uint8Array): KemAnswer;
}
