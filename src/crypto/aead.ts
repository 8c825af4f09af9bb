// What the core needs of a cryptographic engine: sealing, opening and header masks.

import type { CipherSuite } from "./cipher_suite.ts";
import type { SignatureEngine } from "./signature_engine.ts";

/** Bytes of the tag of every AEAD that QUIC uses. */
export const TAG_LENGTH = 16;

/** Bytes of the nonce of every AEAD that QUIC uses. */
export const NONCE_LENGTH = 12;

/** Bytes of the ciphertext that header protection samples (RFC 9001, Section 5.4.2). */
export const SAMPLE_LENGTH = 16;

/** Bytes of a header protection mask (RFC 9001, Section 5.4.1). */
export const MASK_LENGTH = 5;

/**
 * Authenticated encryption under one key.
 *
 * @internal
 */
export interface Aead {
  /**
   * Seals bytes `textStart` to before `textEnd` of `buffer` in place and puts the tag of 16 bytes
   * at `textEnd`. Bytes `adStart` to before `textStart` are the associated data.
   */
  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
  ): void;

  /**
   * Opens bytes `textStart` to before `end` (the tag included) into `out`, which may be longer.
   *
   * Returns the length of the plaintext, or -1 when the input is forged or shorter than a tag;
   * `out` is not touched then. It never throws on forged input.
   */
  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    end: number,
    out: Uint8Array,
  ): number;

  /** The key is not needed any more, as far as its owner knows; it can still be used. */
  release?(): void;
}

/**
 * Header protection under one key (RFC 9001, Section 5.4).
 *
 * @internal
 */
export interface HeaderMask {
  /** Writes the mask of 5 bytes for the sample of 16 bytes at `sampleOffset` into `out`. */
  mask(buffer: Uint8Array, sampleOffset: number, out: Uint8Array): void;
  /** The key is not needed any more, as far as its owner knows; it can still be used. */
  release?(): void;
}

/** A library that does the arithmetic. */
export interface CryptoEngine {
  /** Its name, for messages. */
  readonly name: string;
  /** The suites it speaks, the fastest first. */
  readonly suites: readonly CipherSuite[];
  /**
   * A cipher under one key.
   *
   * @param key Belongs to the result from now on.
   */
  aead(suite: CipherSuite, key: Uint8Array): Aead;
  /** Header protection under one key. */
  headerMask(suite: CipherSuite, key: Uint8Array): HeaderMask;
  /** Signatures of handshakes; the runtime makes them without it. */
  readonly signatures?: SignatureEngine | undefined;
}
