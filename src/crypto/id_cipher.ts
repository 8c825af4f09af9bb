// Encrypts what connection IDs name, so that only balancers can read it.

import { unsafe } from "@noble/ciphers/aes.js";

/** Bytes of a key, and of a block of AES. */
const BLOCK_LENGTH = 16;

/**
 * Encrypts what connection IDs name, as QUIC-LB has it: one AES block if the text is as long as that,
 * else four rounds of a Feistel network, whose halves may end within a byte.
 */
export class IdCipher {
  readonly #sealing: Uint32Array;
  readonly #opening: Uint32Array;
  readonly #block = new Uint8Array(BLOCK_LENGTH);

  /** @param key 16 bytes that servers and balancers share. */
  constructor(key: Uint8Array) {
    if (key.length !== BLOCK_LENGTH) {
      throw new RangeError(`Cannot use a key of ${key.length} bytes: ${BLOCK_LENGTH} are needed`);
    }
    this.#sealing = unsafe.expandKeyLE(key);
    this.#opening = unsafe.expandKeyDecLE(key);
  }

  /** Encrypts a text of 5 to 19 bytes in place. */
  seal(text: Uint8Array): void {
    if (text.length !== BLOCK_LENGTH) return this.#run(text, [1, 2, 3, 4]);
    this.#block.set(text);
    unsafe.encryptBlock(this.#sealing, this.#block);
    text.set(this.#block);
  }

  /** Decrypts in place what {@linkcode seal} made. */
  open(text: Uint8Array): void {
    if (text.length !== BLOCK_LENGTH) return this.#run(text, [4, 3, 2, 1]);
    this.#block.set(text);
    unsafe.decryptBlock(this.#opening, this.#block);
    text.set(this.#block);
  }

  /** Runs passes; the odd ones change the right half by the left one, the even ones the other way. */
  #run(text: Uint8Array, passes: readonly number[]): void {
    const { length } = text;
    const half = Math.ceil(length / 2);
    const isOdd = length % 2 === 1;
    const left = text.slice(0, half);
    const right = text.slice(length - half);
    for (const pass of [0, ...passes]) {
      const [from, to] = pass % 2 === 1 ? [left, right] : [right, left];
      if (pass > 0) this.#mix(from, to, length, pass);
      // The byte in the middle belongs to both halves: four bits to each.
      if (isOdd) {
        left[half - 1]! &= 0xf0;
        right[0]! &= 0x0f;
      }
    }
    text.set(left);
    if (isOdd) right[0]! |= left[half - 1]!;
    text.set(right, length - half);
  }

  #mix(from: Uint8Array, to: Uint8Array, length: number, pass: number): void {
    const block = this.#block.fill(0);
    block.set(from);
    block[BLOCK_LENGTH - 2] = length;
    block[BLOCK_LENGTH - 1] = pass;
    unsafe.encryptBlock(this.#sealing, block);
    for (let i = 0; i < to.length; i++) to[i]! ^= block[i]!;
  }
}
