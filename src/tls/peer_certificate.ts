import type { KeyObject } from "node:crypto";
import { Alert, alertError } from "./alert.ts";
import { Certificate } from "./certificate.ts";
import { readCertificateVerify } from "./certificate_message.ts";
import { isSchemeFor, signedContent, verifySignature } from "./signature.ts";
import type { CertificateHook, Verification } from "./tls.ts";
import { verifyChain } from "./verify_chain.ts";

/** How a peer's certificates are judged. */
export interface Judgement {
  readonly verification: Verification;
  readonly onCertificates?: CertificateHook | undefined;
  /** The name a server must have; `undefined` when a client is judged. */
  readonly serverName: string | undefined;
  /** The time in milliseconds since 1970. */
  readonly time: number;
}

/**
 * Judges the certificates that a peer sent.
 *
 * @returns The key that CertificateVerify must be signed with.
 */
export function judgeCertificates(chain: readonly Uint8Array[], judgement: Judgement): KeyObject {
  const { verification, onCertificates, serverName, time } = judgement;
  let key: KeyObject;
  if (verification === "insecure") {
    key = new Certificate(chain[0]!).publicKey;
  } else {
    const certificates = chain.map((der) => verification.certificate(der));
    verifyChain(certificates, { store: verification, serverName, time });
    key = certificates[0]!.publicKey;
  }
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

/**
 * Checks a CertificateVerify message against the key of the certificate (RFC 9846, Section 4.5.2).
 */
export function checkCertificateVerify(
  message: Uint8Array,
  signer: "client" | "server",
  key: KeyObject,
  transcriptHash: Uint8Array,
): void {
  const { scheme, signature } = readCertificateVerify(message);
  // Every scheme we know was offered, so knowing it is enough.
  if (!isSchemeFor(scheme, key)) {
    throw alertError(
      Alert.IllegalParameter,
      `Cannot accept the CertificateVerify: scheme 0x${scheme.toString(16)} ` +
        `was not offered or does not fit the key`,
    );
  }
  if (verifySignature(scheme, key, signedContent(signer, transcriptHash), signature)) return;
  throw alertError(
    Alert.DecryptError,
    `Cannot believe the ${signer}: its signature over the handshake is wrong`,
  );
}
