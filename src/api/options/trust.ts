// Which certificates a client trusts.

import { sha256 } from "@noble/hashes/sha2.js";
import { equalBytes } from "../../bytes/bytes.ts";
import { ErrorCode } from "../../error/error_code.ts";
import { TransportError } from "../../error/quic_error.ts";
import { defaultRoots, grantedRoots } from "../../io/roots.ts";
import { readPem } from "../../tls/x509/pem.ts";
import type { RevocationLists } from "../../tls/trust/revocation_lists.ts";
import { TrustStore } from "../../tls/trust/trust_store.ts";
import type { CertificateHook, Verification } from "../../tls/tls.ts";
import type { CertificateHash, ConnectOptions } from "./options.ts";

/** Which certificates a client trusts. */
export interface Trust {
  readonly verification: Verification;
  readonly onCertificates?: CertificateHook;
  readonly revocation?: RevocationLists;
}

/** The options of a client about that. */
export type TrustOptions = Pick<
  ConnectOptions,
  "serverCertificateHashes" | "caCerts" | "insecure" | "revocation"
>;

/** RFC 9846, Section 6: the alert "bad_certificate". */
const BAD_CERTIFICATE = 42;

let defaultStore: TrustStore | undefined;

/** Stores by the certificates they were made from: reading a hundred roots takes a while. */
const stores = new Map<string, TrustStore>();
const MAX_STORES = 16;

/**
 * What the options of a client mean for the certificates of its server.
 *
 * @throws {TypeError} If authorities are needed, and neither named nor to be read.
 */
export function trustOf(options: TrustOptions): Trust {
  const { serverCertificateHashes: hashes = [], caCerts = [], insecure = false } = options;
  if (hashes.length > 0) {
    return { verification: "insecure", onCertificates: hashCheck(hashes) };
  }
  if (insecure && caCerts.length > 0) {
    throw new TypeError("Cannot use caCerts and insecure together: leave one of them out");
  }
  if (insecure) return { verification: "insecure" };
  const { revocation } = options;
  return {
    verification: caCerts.length === 0 ? publicStore() : storeFor(caCerts, grantedRoots()),
    ...(revocation && { revocation }),
  };
}

/**
 * All authorities that a client trusts over TCP, as PEM: those that it names, and the usual ones.
 *
 * @throws {TypeError} If none are named, and the usual ones may not be read.
 */
export function authoritiesOf({ caCerts = [] }: Pick<TrustOptions, "caCerts">): readonly string[] {
  return [...caCerts, ...(caCerts.length > 0 ? grantedRoots() : defaultRoots())];
}

function publicStore(): TrustStore {
  return defaultStore ??= new TrustStore(defaultRoots());
}

/**
 * A store of these authorities, and some others; made once.
 *
 * @throws {TypeError} If one of the texts has no certificate in it.
 */
export function storeFor(caCerts: readonly string[], others: readonly string[]): TrustStore {
  const key = JSON.stringify([others.length, caCerts]);
  let store = stores.get(key);
  if (!store) {
    for (const [i, pem] of caCerts.entries()) {
      if (readPem(pem, "CERTIFICATE").length > 0) continue;
      throw new TypeError(`Cannot trust caCerts[${i}]: no PEM certificate found`);
    }
    store = new TrustStore([...caCerts, ...others]);
    if (stores.size >= MAX_STORES) stores.delete(stores.keys().next().value!);
    stores.set(key, store);
  }
  return store;
}

function hashCheck(hashes: readonly CertificateHash[]): CertificateHook {
  const expected = hashes.map(({ algorithm, value }) => {
    if (algorithm !== "sha-256") {
      throw new TypeError(`Cannot use a certificate hash of "${algorithm}": only sha-256 is known`);
    }
    return ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
      : new Uint8Array(value).slice();
  });
  return ([certificate]) => {
    const hash = certificate && sha256(certificate);
    if (hash && expected.some((one) => equalBytes(one, hash))) return;
    throw new TransportError(
      ErrorCode.CryptoError + BAD_CERTIFICATE,
      "Cannot trust the certificate: its hash is none of those that are expected",
    );
  };
}
