// The engine over the ciphers of the runtime.

import { createCipheriv, createDecipheriv } from "node:crypto";
import type { CipherGCMTypes } from "node:crypto";
import { type Aead, type CryptoEngine, type HeaderMask, TAG_LENGTH } from "./aead.ts";
import { CipherSuite } from "./cipher_suite.ts";
import { headerMaskOf } from "./header_masks.ts";

/** The runtime's own ciphers, through the synchronous interface of Node.js. */
export const nodeEngine: CryptoEngine = {
  name: "node",
  suites: [
    CipherSuite.ChaCha20Poly1305Sha256,
    CipherSuite.Aes128GcmSha256,
    CipherSuite.Aes256GcmSha384,
  ],
  aead(suite: CipherSuite, key: Uint8Array): Aead {
    return new NodeAead(suite, key);
  },
  headerMask(suite: CipherSuite, key: Uint8Array): HeaderMask {
    return headerMaskOf(suite, key);
  },
};

const options = { authTagLength: TAG_LENGTH };

class NodeAead implements Aead {
  /** ChaCha20-Poly1305 has the same calls; its own type only asks for more options. */
  readonly #cipher: CipherGCMTypes;
  readonly #key: Uint8Array;

  constructor(suite: CipherSuite, key: Uint8Array) {
    this.#cipher = cipherName(suite);
    this.#key = key;
  }

  seal(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    textEnd: number,
  ): void {
    const cipher = createCipheriv(this.#cipher, this.#key, nonce, options);
    cipher.setAAD(buffer.subarray(adStart, textStart));
    if (textEnd > textStart) {
      buffer.set(cipher.update(buffer.subarray(textStart, textEnd)), textStart);
    }
    cipher.final();
    buffer.set(cipher.getAuthTag(), textEnd);
  }

  open(
    nonce: Uint8Array,
    buffer: Uint8Array,
    adStart: number,
    textStart: number,
    end: number,
    out: Uint8Array,
  ): number {
    const tagStart = end - TAG_LENGTH;
    const length = tagStart - textStart;
    if (length < 0) return -1;
    if (out.length < length) throw new RangeError("Cannot open: the plaintext does not fit");
    const decipher = createDecipheriv(this.#cipher, this.#key, nonce, options);
    decipher.setAuthTag(buffer.subarray(tagStart, end));
    decipher.setAAD(buffer.subarray(adStart, textStart));
    const text = decipher.update(buffer.subarray(textStart, tagStart));
    try {
      decipher.final();
    } catch {
      return -1;
    }
    // Only now is the text known to be genuine.
    out.set(text);
    return length;
  }
}

function cipherName(suite: CipherSuite): CipherGCMTypes {
  if (suite === CipherSuite.Aes128GcmSha256) return "aes-128-gcm";
  if (suite === CipherSuite.Aes256GcmSha384) return "aes-256-gcm";
  return "chacha20-poly1305" as CipherGCMTypes;
}
