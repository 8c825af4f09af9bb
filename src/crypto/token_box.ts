// Seals and opens tokens that only this server can read.

import { concatBytes } from "../bytes/bytes.ts";
import { type Aead, type CryptoEngine, NONCE_LENGTH, TAG_LENGTH } from "./aead.ts";
import { CipherSuite } from "./cipher_suite.ts";
import { expand } from "./hkdf.ts";
import type { Random } from "./random.ts";

/** Bytes by which a token is longer than what is in it. */
export const TOKEN_OVERHEAD: number = 1 + 16 + TAG_LENGTH;

const SEED_LENGTH = 16;
const KEY_LENGTH = 32;
const purpose = new TextEncoder().encode("token box");
const none = new Uint8Array(0);

/**
 * Seals what a server hands out to be shown again: address tokens and session tickets.
 *
 * A token is a type byte, a random seed of 16 bytes, and the sealed text with its tag. Key and
 * nonce of each token come from the box's key and the seed, so chance need not keep a 96-bit nonce
 * unique over millions of tokens. The type is authenticated: a ticket is no address token.
 */
export class TokenBox {
  readonly #engine: CryptoEngine;
  readonly #random: Random;
  #key: Uint8Array;
  #previousKey: Uint8Array | undefined;

  /** @param key A key of 32 bytes that servers share; without it each box has its own. */
  constructor(engine: CryptoEngine, random: Random, key?: Uint8Array) {
    this.#engine = engine;
    this.#random = random;
    this.#key = checkedKey(key ?? random.bytes(KEY_LENGTH));
  }

  /** Takes a new key; tokens of the key before still open, older ones do not. */
  rotate(key: Uint8Array = this.#random.bytes(KEY_LENGTH)): void {
    this.use(key, this.#key);
  }

  /** Seals with one key from now on, and opens what that or another key has sealed. */
  use(key: Uint8Array, previousKey: Uint8Array): void {
    const next = checkedKey(key);
    this.#previousKey = checkedKey(previousKey);
    this.#key = next;
  }

  /**
   * A token that only this box opens.
   *
   * @param context Bytes that must be given again to open it, a client address for example.
   */
  seal(type: number, text: Uint8Array, context: Uint8Array = none): Uint8Array<ArrayBuffer> {
    const seed = this.#random.bytes(SEED_LENGTH);
    const buffer = new Uint8Array(context.length + TOKEN_OVERHEAD + text.length);
    const textStart = context.length + 1 + SEED_LENGTH;
    buffer.set(context);
    buffer[context.length] = type;
    buffer.set(seed, context.length + 1);
    buffer.set(text, textStart);
    const { aead, nonce } = this.#derive(this.#key, seed);
    aead.seal(nonce, buffer, 0, textStart, textStart + text.length);
    aead.release?.();
    return buffer.slice(context.length);
  }

  /** The text of a token of this type, or `undefined` if it is forged, foreign or too old. */
  open(
    type: number,
    token: Uint8Array,
    context: Uint8Array = none,
  ): Uint8Array<ArrayBuffer> | undefined {
    if (token.length < TOKEN_OVERHEAD || token[0] !== (type & 0xff)) return undefined;
    const buffer = concatBytes(context, token);
    return this.#openWith(this.#key, buffer, context.length) ??
      (this.#previousKey && this.#openWith(this.#previousKey, buffer, context.length));
  }

  #openWith(
    key: Uint8Array,
    buffer: Uint8Array,
    tokenStart: number,
  ): Uint8Array<ArrayBuffer> | undefined {
    const textStart = tokenStart + 1 + SEED_LENGTH;
    const { aead, nonce } = this.#derive(key, buffer.subarray(tokenStart + 1, textStart));
    const out = new Uint8Array(buffer.length - textStart - TAG_LENGTH);
    const length = aead.open(nonce, buffer, 0, textStart, buffer.length, out);
    aead.release?.();
    return length < 0 ? undefined : out;
  }

  #derive(key: Uint8Array, seed: Uint8Array): { aead: Aead; nonce: Uint8Array } {
    const material = expand("sha256", key, concatBytes(purpose, seed), KEY_LENGTH + NONCE_LENGTH);
    return {
      aead: this.#engine.aead(
        CipherSuite.ChaCha20Poly1305Sha256,
        material.subarray(0, KEY_LENGTH),
      ),
      nonce: material.subarray(KEY_LENGTH),
    };
  }
}

function checkedKey(key: Uint8Array): Uint8Array {
  if (key.length === KEY_LENGTH) return key.slice();
  throw new RangeError(`Cannot use a token key of ${key.length} bytes: ${KEY_LENGTH} are needed`);
}
