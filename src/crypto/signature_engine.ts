// What the core needs of a library that signs and verifies.

import type { KeyObject } from "node:crypto";

/**
 * How a signature is made.
 *
 * @internal
 */
export interface SignatureMethod {
  /** The type of key that it takes, as `node:crypto` calls it. */
  readonly keyType: string;
  /** The hash; none for EdDSA. */
  readonly hash: string | null;
  /** Bytes of salt, for RSA-PSS: as many as the hash has. */
  readonly saltLength?: number;
}

/**
 * A library that signs and verifies more quickly than the runtime. It may decline any key or method,
 * which is then left to the runtime.
 *
 * @internal
 */
export interface SignatureEngine {
  /** A signature; undefined if the library declines. */
  sign(key: KeyObject, method: SignatureMethod, content: Uint8Array): Uint8Array | undefined;
  /**
   * Whether a signature is right; undefined if the library declines. It never throws on forged input.
   */
  verify(
    key: KeyObject,
    method: SignatureMethod,
    content: Uint8Array,
    signature: Uint8Array,
  ): boolean | undefined;
}
