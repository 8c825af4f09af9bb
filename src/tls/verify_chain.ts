import type { TransportError } from "../error/quic_error.ts";
import { Alert, alertError } from "./alert.ts";
import { type Certificate, ExtendedUsage, KeyUsageBit } from "./certificate.ts";
import { isWeak } from "./certificate_signature.ts";
import { violation } from "./name_constraints.ts";
import { matchesIdentity } from "./server_identity.ts";
import type { TrustStore } from "./trust_store.ts";
import { MAX_CHAIN_DEPTH, MAX_CHAIN_SIGNATURES } from "../limits/limits.ts";

/** What a peer's certificates must be good for. */
export interface ChainPurpose {
  /** Whom to believe. */
  readonly store: TrustStore;
  /** The name a server must have; `undefined` when clients are checked. */
  readonly serverName: string | undefined;
  /** The time in milliseconds since 1970. */
  readonly time: number;
}

/**
 * Verifies a peer's certificates (RFC 5280, Section 6, with the peer's own first).
 *
 * The other certificates may come in any order, and superfluous ones do no harm.
 *
 * @returns The path that was found, from the peer's certificate to an anchor.
 */
export function verifyChain(
  chain: readonly Certificate[],
  purpose: ChainPurpose,
): readonly Certificate[] {
  const leaf = chain[0]!;
  checkLeaf(leaf, purpose);
  // A self-signed certificate that the user trusts by itself.
  if (purpose.store.isAnchor(leaf)) return [leaf];
  const search = new PathSearch(chain, purpose);
  const path = search.extend([leaf]);
  if (path) return path;
  throw search.failure ?? unknownAuthority(leaf);
}

class PathSearch {
  readonly #chain: readonly Certificate[];
  readonly #purpose: ChainPurpose;
  #signatures = 0;
  /** The first reason against an issuer that was at hand. */
  failure: TransportError | undefined;

  constructor(chain: readonly Certificate[], purpose: ChainPurpose) {
    this.#chain = chain;
    this.#purpose = purpose;
  }

  /** The whole path, if `path` can be led to an anchor. */
  extend(path: readonly Certificate[]): readonly Certificate[] | undefined {
    const last = path[path.length - 1]!;
    for (const anchor of this.#purpose.store.anchorsFor(last.issuer)) {
      if (this.#accepts(anchor, path)) return [...path, anchor];
    }
    if (path.length >= MAX_CHAIN_DEPTH) return undefined;
    for (const candidate of this.#chain) {
      if (candidate.subject !== last.issuer || path.includes(candidate)) continue;
      if (!this.#accepts(candidate, path)) continue;
      const whole = this.extend([...path, candidate]);
      if (whole) return whole;
    }
    return undefined;
  }

  #accepts(issuer: Certificate, path: readonly Certificate[]): boolean {
    const reason = issuerProblem(issuer, path, this.#purpose) ??
      this.#signatureProblem(issuer, path);
    this.failure ??= reason;
    return reason === undefined;
  }

  #signatureProblem(issuer: Certificate, path: readonly Certificate[]): TransportError | undefined {
    const subject = path[path.length - 1]!;
    if (++this.#signatures > MAX_CHAIN_SIGNATURES) {
      return alertError(
        Alert.BadCertificate,
        "Cannot verify the certificates: they can be combined in too many ways",
      );
    }
    if (this.#purpose.store.isSigned(subject, issuer)) return undefined;
    return alertError(
      Alert.BadCertificate,
      `Cannot verify the certificate for ${subject.subject}: ` +
        `its signature is not that of ${issuer.subject}`,
    );
  }
}

function checkLeaf(leaf: Certificate, purpose: ChainPurpose): void {
  const { serverName } = purpose;
  if (serverName !== undefined && !matchesIdentity(leaf, serverName)) {
    const names = [...leaf.dnsNames, ...leaf.ipAddresses].slice(0, 8).join(", ") ||
      "no name at all";
    throw alertError(
      Alert.CertificateUnknown,
      `Cannot accept the server's certificate for ${serverName}: it is good for ${names}`,
    );
  }
  const problem = validityProblem(leaf, purpose.time) ?? extensionProblem(leaf) ??
    usageProblem(leaf, purpose);
  if (problem) throw problem;
  if (!leaf.allowsKeyUsage(KeyUsageBit.DigitalSignature)) {
    throw unsupported(leaf, "its key may not sign");
  }
  if (isWeak(leaf.publicKey)) throw unsupported(leaf, "its key is too short");
}

function issuerProblem(
  issuer: Certificate,
  path: readonly Certificate[],
  purpose: ChainPurpose,
): TransportError | undefined {
  const isAnchor = purpose.store.isAnchor(issuer);
  // Roots of before 1999 have no extensions; the user's word stands for them.
  const isOldAnchor = isAnchor && !issuer.hasExtensions;
  if (!isOldAnchor && !issuer.isAuthority) return notAuthority(issuer);
  if (!issuer.allowsKeyUsage(KeyUsageBit.KeyCertSign)) return notAuthority(issuer);
  // RFC 5280, Section 4.2.1.9: self-issued certificates and the peer's own do not count.
  const between = path.slice(1).filter((one) => one.subject !== one.issuer).length;
  if (between > issuer.pathLength) {
    return alertError(
      Alert.BadCertificate,
      `Cannot trust ${issuer.subject} with a chain this long: ${issuer.pathLength} is its limit`,
    );
  }
  return validityProblem(issuer, purpose.time) ?? extensionProblem(issuer) ??
    (isAnchor ? undefined : usageProblem(issuer, purpose)) ?? nameProblem(issuer, path);
}

function validityProblem(certificate: Certificate, time: number): TransportError | undefined {
  // Written so that a time that is not a number refuses.
  if (time >= certificate.notBefore && time <= certificate.notAfter) return undefined;
  const early = time < certificate.notBefore;
  const limit = early ? certificate.notBefore : certificate.notAfter;
  return alertError(
    Alert.CertificateExpired,
    `Cannot accept the certificate for ${certificate.subject}: ` +
      `it ${early ? "is not valid before" : "expired on"} ${dateText(limit)}`,
  );
}

function usageProblem(
  certificate: Certificate,
  purpose: ChainPurpose,
): TransportError | undefined {
  const isServer = purpose.serverName !== undefined;
  const usage = isServer ? ExtendedUsage.ServerAuth : ExtendedUsage.ClientAuth;
  if (certificate.allowsExtendedUsage(usage)) return undefined;
  return unsupported(certificate, `it is not meant for a ${isServer ? "server" : "client"}`);
}

function extensionProblem(certificate: Certificate): TransportError | undefined {
  const [unknown] = certificate.unknownCritical;
  if (unknown === undefined) return undefined;
  return unsupported(certificate, `its critical extension ${unknown} is not understood`);
}

function nameProblem(
  issuer: Certificate,
  path: readonly Certificate[],
): TransportError | undefined {
  const constraints = issuer.nameConstraints;
  if (!constraints) return undefined;
  for (const [depth, certificate] of path.entries()) {
    if (depth > 0 && certificate.subject === certificate.issuer) continue;
    const reason = violation(certificate, constraints);
    if (reason === undefined) continue;
    return alertError(
      Alert.BadCertificate,
      `Cannot trust ${issuer.subject} for ${certificate.subject}: ${reason}`,
    );
  }
  return undefined;
}

function notAuthority(issuer: Certificate): TransportError {
  return alertError(
    Alert.BadCertificate,
    `Cannot trust ${issuer.subject} as an issuer: it is no certificate authority`,
  );
}

function unknownAuthority(leaf: Certificate): TransportError {
  return alertError(
    Alert.UnknownCa,
    `Cannot trust the certificate for ${leaf.subject}: ` +
      `no trusted authority leads to its issuer ${leaf.issuer}`,
  );
}

function unsupported(certificate: Certificate, reason: string): TransportError {
  return alertError(
    Alert.UnsupportedCertificate,
    `Cannot accept the certificate for ${certificate.subject}: ${reason}`,
  );
}

function dateText(time: number): string {
  return Number.isFinite(time) ? new Date(time).toISOString() : "a time nobody can read";
}
