// The engine in script.

import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { type Aead, type CryptoEngine, type HeaderMask, TAG_LENGTH } from "./aead.ts";
import { CipherSuite } from "./cipher_suite.ts";
import { headerMaskOf } from "./header_masks.ts";

/** All arithmetic in script: slower, and the same on every runtime. */
export const nobleEngine: CryptoEngine = {
  name: "noble",
  suites: [
    CipherSuite.ChaCha20Poly1305Sha256,
    CipherSuite.Aes128GcmSha256,
    CipherSuite.Aes256GcmSha384,
  ],
  aead(suite: CipherSuite, key: Uint8Array): Aead {
    return suite === CipherSuite.ChaCha20Poly1305Sha256 ? new NobleChaCha(key) : new NobleGcm(key);
  },
  headerMask(suite: CipherSuite, key: Uint8Array): HeaderMask {
    return headerMaskOf(suite, key);
  },
};

class NobleChaCha implements Aead {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
  ): void {
    const ad = buffer.subarray(adStart, textStart);
    chacha20poly1305(this.#key, nonce, ad).encrypt(
      buffer.subarray(textStart, textEnd),
      buffer.subarray(textStart, textEnd + TAG_LENGTH),
    );
  }

  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    end: number,
    out: Uint8Array,
  ): number {
    const length = end - textStart - TAG_LENGTH;
    if (length < 0) return -1;
    const ad = buffer.subarray(adStart, textStart);
    const target = room(out, length);
    try {
      chacha20poly1305(this.#key, nonce, ad).decrypt(buffer.subarray(textStart, end), target);
    } catch {
      return -1;
    }
    return length;
  }
}

class NobleGcm implements Aead {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
  ): void {
    const ad = buffer.subarray(adStart, textStart);
    const text = buffer.subarray(textStart, textEnd);
    buffer.set(gcm(this.#key, nonce, ad).encrypt(text), textStart);
  }

  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    end: number,
    out: Uint8Array,
  ): number {
    const length = end - textStart - TAG_LENGTH;
    if (length < 0) return -1;
    const target = room(out, length);
    const ad = buffer.subarray(adStart, textStart);
    let text: Uint8Array;
    try {
      text = gcm(this.#key, nonce, ad).decrypt(buffer.subarray(textStart, end));
    } catch {
      return -1;
    }
    target.set(text);
    return length;
  }
}

/** The part of `out` the plaintext goes to; too small a buffer is a mistake, not a forgery. */
function room(out: Uint8Array, length: number): Uint8Array {
  if (out.length < length) throw new RangeError("Cannot open: the plaintext does not fit");
  return out.length === length ? out : out.subarray(0, length);
}
