// A stateless reset token of the peer.

import { RESET_TOKEN_LENGTH } from "./stateless_reset.ts";

/**
 * A stateless reset token of the peer (RFC 9000, Section 10.3). A connection keeps a dozen of them,
 * so it is four numbers: an array of bytes takes eight times the memory.
 */
export class ResetToken {
  readonly #word0: number;
  readonly #word1: number;
  readonly #word2: number;
  readonly #word3: number;

  /** Copies the 16 bytes: they may be a view of something that changes. */
  constructor(bytes: Uint8Array) {
    this.#word0 = wordAt(bytes, 0);
    this.#word1 = wordAt(bytes, 4);
    this.#word2 = wordAt(bytes, 8);
    this.#word3 = wordAt(bytes, 12);
  }

  /** Whether these bytes are the token, in time that does not depend on them. */
  matches(bytes: Uint8Array): boolean {
    if (bytes.length !== RESET_TOKEN_LENGTH) return false;
    const difference = (wordAt(bytes, 0) ^ this.#word0) | (wordAt(bytes, 4) ^ this.#word1) |
      (wordAt(bytes, 8) ^ this.#word2) | (wordAt(bytes, 12) ^ this.#word3);
    return difference === 0;
  }

  /** What {@linkcode resetTokenKey} says of its bytes. */
  key(secret: Uint8Array): number {
    return keyOf(this.#word0, this.#word1, this.#word2, this.#word3, secret);
  }
}

/**
 * A number for the 16 bytes of a token, by which equal ones are found. Who does not know the secret
 * cannot tell which tokens have the same.
 */
export function resetTokenKey(token: Uint8Array, secret: Uint8Array): number {
  return keyOf(wordAt(token, 0), wordAt(token, 4), wordAt(token, 8), wordAt(token, 12), secret);
}

/** Each word is added to a secret one; products of the sums mix them. */
function keyOf(a: number, b: number, c: number, d: number, secret: Uint8Array): number {
  let key = mix(a + wordAt(secret, 0));
  key = mix(key ^ (b + wordAt(secret, 4)));
  key = mix(key ^ (c + wordAt(secret, 8)));
  return mix(key ^ (d + wordAt(secret, 12)));
}

/** Spreads a change of any bit over all 32: multiplications by odd numbers, shifts between them. */
function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x45d9_f3b5);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  return mixed ^ (mixed >>> 16);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
