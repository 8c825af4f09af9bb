// Finds the connections that a stateless reset may be meant for.

import { type ResetToken, resetTokenKey } from "../packet/reset_token.ts";

const NONE: readonly never[] = [];

/**
 * Finds the connections that a stateless reset may be meant for, by the tokens of the IDs that they
 * use. Each datagram of a new client is looked up as well, so it must not cost more where there are
 * many connections.
 *
 * RFC 9000, Section 10.3.1: how long a look-up takes tells nothing about a token. It depends on a
 * number that is made with secrets of this process; those who are found compare all bytes themselves.
 */
export class ResetMap<Owner> {
  readonly #secret: Uint8Array;
  readonly #owners = new Map<number, readonly Owner[]>();

  /** @param secret 16 bytes that no peer knows. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** How many tokens there are; those that look alike count as one. */
  get size(): number {
    return this.#owners.size;
  }

  /** A connection uses the ID of a token. */
  add(token: ResetToken, owner: Owner): void {
    const key = token.key(this.#secret);
    const owners = this.#owners.get(key) ?? NONE;
    if (!owners.includes(owner)) this.#owners.set(key, [...owners, owner]);
  }

  /** A connection does not use the ID any more. */
  delete(token: ResetToken, owner: Owner): void {
    const key = token.key(this.#secret);
    const owners = this.#owners.get(key)?.filter((other) => other !== owner) ?? NONE;
    if (owners.length > 0) this.#owners.set(key, owners);
    else this.#owners.delete(key);
  }

  /** The connections that may have a token. */
  find(token: Uint8Array): readonly Owner[] {
    return this.#owners.get(resetTokenKey(token, this.#secret)) ?? NONE;
  }
}
