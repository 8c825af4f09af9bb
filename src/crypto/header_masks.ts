// Header protection of packets (RFC 9001, Section 5.4).

import { unsafe } from "@noble/ciphers/aes.js";
import type { HeaderMask } from "./aead.ts";
import { type CipherSuite, CipherSuite as Suites } from "./cipher_suite.ts";

/*
 * All engines use these masks (µs per mask on Deno 2.9): one AES block in script takes 0.1,
 * through a kept cipher of node:crypto 1.4; ChaCha20 takes 0.3 here, 2.4 there, where every
 * sample needs a new cipher, and 1.7 in the library, which makes arrays. WebAssembly has its own
 * for ChaCha20.
 */

/** The header protection of a suite, with its key made ready once. */
export function headerMaskOf(suite: CipherSuite, key: Uint8Array): HeaderMask {
  return suite === Suites.ChaCha20Poly1305Sha256 ? new ChaChaMask(key) : new AesMask(key);
}

/** RFC 9001, Section 5.4.3: the mask is the sample encrypted as one AES block. */
class AesMask implements HeaderMask {
  readonly #key: Uint32Array;

  constructor(key: Uint8Array) {
    this.#key = unsafe.expandKeyLE(key);
  }

  mask(buffer: Uint8Array, sampleOffset: number, out: Uint8Array): void {
    const { s0, s1 } = unsafe.encrypt(
      this.#key,
      wordAt(buffer, sampleOffset),
      wordAt(buffer, sampleOffset + 4),
      wordAt(buffer, sampleOffset + 8),
      wordAt(buffer, sampleOffset + 12),
    );
    out[0] = s0;
    out[1] = s0 >>> 8;
    out[2] = s0 >>> 16;
    out[3] = s0 >>> 24;
    out[4] = s1;
  }
}

/**
 * RFC 9001, Section 5.4.4: the first four bytes of the sample are the block counter, the rest is
 * the nonce, and the mask is the beginning of that block of key stream.
 */
class ChaChaMask implements HeaderMask {
  /** The key, and nothing else: a connection keeps it for as long as it lives. */
  readonly #key = new Uint32Array(8);

  constructor(key: Uint8Array) {
    if (key.length !== 32) throw new RangeError("Cannot use a ChaCha20 key that is not 32 bytes");
    for (let i = 0; i < 8; i++) this.#key[i] = wordAt(key, 4 * i);
  }

  mask(buffer: Uint8Array, sampleOffset: number, out: Uint8Array): void {
    state[0] = CONSTANT_0;
    state[1] = CONSTANT_1;
    state[2] = 0x7962_2d32;
    state[3] = 0x6b20_6574;
    state.set(this.#key, 4);
    for (let i = 0; i < 4; i++) state[12 + i] = wordAt(buffer, sampleOffset + 4 * i);
    twentyRounds(state);
    const first = state[0]! + CONSTANT_0;
    out[0] = first;
    out[1] = first >>> 8;
    out[2] = first >>> 16;
    out[3] = first >>> 24;
    out[4] = state[1]! + CONSTANT_1;
  }
}

/** RFC 8439, Section 2.3: the first two of the words that every block begins with. */
const CONSTANT_0 = 0x6170_7865;
const CONSTANT_1 = 0x3320_646e;
/** The block of the mask at hand. */
const state = new Uint32Array(16);

/** RFC 8439, Section 2.3: ten times four column rounds and four diagonal rounds. */
function twentyRounds(state: Uint32Array): void {
  for (let i = 0; i < 10; i++) {
    quarterRound(state, 0, 4, 8, 12);
    quarterRound(state, 1, 5, 9, 13);
    quarterRound(state, 2, 6, 10, 14);
    quarterRound(state, 3, 7, 11, 15);
    quarterRound(state, 0, 5, 10, 15);
    quarterRound(state, 1, 6, 11, 12);
    quarterRound(state, 2, 7, 8, 13);
    quarterRound(state, 3, 4, 9, 14);
  }
}

/** RFC 8439, Section 2.1. */
function quarterRound(state: Uint32Array, ia: number, ib: number, ic: number, id: number): void {
  let a = state[ia]! | 0;
  let b = state[ib]! | 0;
  let c = state[ic]! | 0;
  let d = state[id]! | 0;
  a = (a + b) | 0;
  d ^= a;
  d = (d << 16) | (d >>> 16);
  c = (c + d) | 0;
  b ^= c;
  b = (b << 12) | (b >>> 20);
  a = (a + b) | 0;
  d ^= a;
  d = (d << 8) | (d >>> 24);
  c = (c + d) | 0;
  b ^= c;
  b = (b << 7) | (b >>> 25);
  state[ia] = a;
  state[ib] = b;
  state[ic] = c;
  state[id] = d;
}

/** Four bytes, the lowest first, as a signed 32-bit number. */
function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
