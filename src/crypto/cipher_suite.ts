// The cipher suites of TLS 1.3.

import type { HashName } from "./hash_function.ts";

/**
 * The TLS 1.3 cipher suites this implementation speaks, by their number on the wire.
 *
 * @internal
 */
export const CipherSuite = {
  Aes128GcmSha256: 0x1301,
  Aes256GcmSha384: 0x1302,
  ChaCha20Poly1305Sha256: 0x1303,
} as const;

/**
 * One of the cipher suites.
 *
 * @internal
 */
export type CipherSuite = typeof CipherSuite[keyof typeof CipherSuite];

/** What follows from the choice of a cipher suite. */
export interface SuiteParameters {
  readonly suite: CipherSuite;
  /** Its name in the TLS registry. */
  readonly name: string;
  /** Bytes of a packet protection key and of a header protection key. */
  readonly keyLength: number;
  readonly hash: HashName;
  readonly hashLength: number;
  /** Packets one key may seal (RFC 9001, Section 6.6). */
  readonly confidentialityLimit: number;
  /** Packets of one connection that may fail to open (RFC 9001, Section 6.6). */
  readonly integrityLimit: number;
}

const all: ReadonlyMap<number, SuiteParameters> = new Map<number, SuiteParameters>([
  [CipherSuite.Aes128GcmSha256, {
    suite: CipherSuite.Aes128GcmSha256,
    name: "TLS_AES_128_GCM_SHA256",
    keyLength: 16,
    hash: "sha256",
    hashLength: 32,
    confidentialityLimit: 2 ** 23,
    integrityLimit: 2 ** 52,
  }],
  [CipherSuite.Aes256GcmSha384, {
    suite: CipherSuite.Aes256GcmSha384,
    name: "TLS_AES_256_GCM_SHA384",
    keyLength: 32,
    hash: "sha384",
    hashLength: 48,
    confidentialityLimit: 2 ** 23,
    integrityLimit: 2 ** 52,
  }],
  [CipherSuite.ChaCha20Poly1305Sha256, {
    suite: CipherSuite.ChaCha20Poly1305Sha256,
    name: "TLS_CHACHA20_POLY1305_SHA256",
    keyLength: 32,
    hash: "sha256",
    hashLength: 32,
    // More than there are packet numbers.
    confidentialityLimit: Infinity,
    integrityLimit: 2 ** 36,
  }],
]);

/** Whether `suite` is one of ours. */
export function isCipherSuite(suite: number): suite is CipherSuite {
  return all.has(suite);
}

/** The parameters of a suite. A number that was not negotiated is a mistake of the caller. */
export function suiteParameters(suite: number): SuiteParameters {
  const parameters = all.get(suite);
  if (parameters) return parameters;
  throw new RangeError(`Cannot use cipher suite 0x${suite.toString(16)}: it is not known`);
}
