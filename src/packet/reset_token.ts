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
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
