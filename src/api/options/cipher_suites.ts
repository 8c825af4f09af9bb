// Names of the cipher suites that applications can choose.

import { CipherSuite } from "../../crypto/cipher_suite.ts";

/**
 * A cipher suite of TLS 1.3.
 *
 * @category Connections
 */
export type CipherSuiteName =
  | "TLS_AES_128_GCM_SHA256"
  | "TLS_AES_256_GCM_SHA384"
  | "TLS_CHACHA20_POLY1305_SHA256";

const numbers: Readonly<Record<CipherSuiteName, number>> = {
  TLS_AES_128_GCM_SHA256: CipherSuite.Aes128GcmSha256,
  TLS_AES_256_GCM_SHA384: CipherSuite.Aes256GcmSha384,
  TLS_CHACHA20_POLY1305_SHA256: CipherSuite.ChaCha20Poly1305Sha256,
};

/** The numbers of cipher suites on the wire, as far as they are given. */
export function suiteNumbers(
  names: readonly CipherSuiteName[] | undefined,
): readonly number[] | undefined {
  if (names === undefined) return undefined;
  if (names.length === 0) throw new TypeError("Cannot encrypt: name at least one cipher suite");
  return names.map((name) => {
    if (Object.hasOwn(numbers, name)) return numbers[name];
    throw new TypeError(`Cannot use the cipher suite "${name}": it is not known`);
  });
}
