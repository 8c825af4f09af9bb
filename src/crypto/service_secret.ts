// The secret of a service, from which the keys of its servers follow.

import { expand, extract } from "./hkdf.ts";

/** Bytes of a key, and of the shortest secret. */
export const SECRET_LENGTH = 32;

/** Secrets of other programs lead to other keys. */
const SALT = "mpquic service";

const utf8 = new TextEncoder();

/**
 * The secret of a service. Each key follows from it by HKDF with a purpose (RFC 5869, Section 2.3),
 * and with the names of those that have the key: one key tells nothing of the others.
 */
export class ServiceSecret {
  readonly #root: Uint8Array;

  /**
   * Makes the secret ready for use.
   *
   * @param secret At least 32 bytes that are random.
   */
  constructor(secret: Uint8Array) {
    this.#root = extract("sha256", utf8.encode(SALT), secret);
  }

  /**
   * The key for a purpose, of 32 bytes.
   *
   * @param names What the key is for among others of its purpose: a day, a server, a worker.
   */
  key(purpose: string, ...names: readonly (string | number)[]): Uint8Array<ArrayBuffer> {
    // Each name has its length before it, so no two lists of names read the same.
    const parts = [purpose, ...names].map((name) => `${`${name}`.length}:${name}`);
    return expand("sha256", this.#root, utf8.encode(parts.join("")), SECRET_LENGTH);
  }
}
