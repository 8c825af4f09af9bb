// Judges the certificates of a peer and the signature with its key.

import type { SignatureEngine } from "../crypto/signature_engine.ts";
import { TransportError } from "../error/quic_error.ts";
import type { Role } from "../error/role.ts";
import { Alert, alertError } from "./code/alert.ts";
import { Certificate } from "./x509/certificate.ts";
import type { CertificateKey } from "./x509/certificate_key.ts";
import { readCertificateVerify } from "./message/certificate_message.ts";
import { DerError } from "./x509/der.ts";
import { JudgementBudget, JudgementCost } from "./x509/judgement_budget.ts";
import { isSchemeFor, signedContent, verifySignature } from "./key/signature.ts";
import type { CertificateHook, Verification } from "./tls.ts";
import type { RevocationLists } from "./trust/revocation_lists.ts";
import type { TrustStore } from "./trust/trust_store.ts";
import { verifyChain } from "./trust/verify_chain.ts";

/** How a peer's certificates are judged. */
export interface Judgement {
  readonly verification: Verification;
  readonly onCertificates?: CertificateHook | undefined;
  /** The name a server must have; `undefined` when a client is judged. */
  readonly serverName: string | undefined;
  /** The time in milliseconds since 1970. */
  readonly time: number;
  /** Lists of revoked certificates, if any are asked. */
  readonly revocation?: RevocationLists | undefined;
}

/**
 * Judges the certificates that a peer sent.
 *
 * @returns The key that CertificateVerify must be signed with.
 */
export function judgeCertificates(
  chain: readonly Uint8Array[],
  judgement: Judgement,
): CertificateKey {
  const { verification, onCertificates, serverName } = judgement;
  const key = verification === "insecure"
    ? usableKey(new Certificate(chain[0]!))
    : verify(chain, verification, judgement);
  try {
    onCertificates?.(chain, serverName ?? "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw alertError(
      Alert.CertificateUnknown,
      `Cannot accept the certificate: the application refused it: ${reason}`,
      error,
    );
  }
  return key;
}

function verify(
  chain: readonly Uint8Array[],
  store: TrustStore,
  { serverName, time, revocation }: Judgement,
): CertificateKey {
  const budget = new JudgementBudget();
  const leaf = read(chain[0]!, store, budget);
  const others = chain.slice(1).flatMap((der) => {
    try {
      return read(der, store, budget);
    } catch (error) {
      // RFC 9846, Section 4.5.1: there may be more than what is needed. What cannot be read is not.
      if (error instanceof TransportError && error.cause instanceof DerError) return [];
      throw error;
    }
  });
  store.remember(verifyChain([leaf, ...others], { store, serverName, time, revocation }, budget));
  return usableKey(leaf);
}

function read(der: Uint8Array, store: TrustStore, budget: JudgementBudget): Certificate {
  const known = store.known(der);
  if (known) return known;
  budget.spend(JudgementCost.Certificate + JudgementCost.Byte * der.length);
  return new Certificate(der);
}

/** The key of a certificate; an unsupported_certificate if it cannot be used. */
function usableKey(certificate: Certificate): CertificateKey {
  void certificate.publicKey;
  return certificate.key;
}

/**
 * Checks a CertificateVerify message against the key of the certificate (RFC 9846, Section 4.5.2).
 *
 * @param engine Verifies in place of the runtime, unless it declines.
 */
export function checkCertificateVerify(
  message: Uint8Array,
  signer: Role,
  key: CertificateKey,
  transcriptHash: Uint8Array,
  engine?: SignatureEngine,
): void {
  const { scheme, signature } = readCertificateVerify(message);
  // Every scheme we know was offered, so knowing it is enough.
  if (!isSchemeFor(scheme, key.object)) {
    throw alertError(
      Alert.IllegalParameter,
      `Cannot accept the CertificateVerify: scheme 0x${scheme.toString(16)} ` +
        `was not offered or does not fit the key`,
    );
  }
  const content = signedContent(signer, transcriptHash);
  if (verifySignature(scheme, key.object, content, signature, engine)) return;
  throw alertError(
    Alert.DecryptError,
    `Cannot believe the ${signer}: its signature over the handshake is wrong`,
  );
}
