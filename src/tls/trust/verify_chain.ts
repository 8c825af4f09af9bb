// Verifies a certificate chain of a peer for a purpose (RFC 5280, Section 6).

import type { TransportError } from "../../error/quic_error.ts";
import { Alert, alertError } from "../code/alert.ts";
import { type Certificate, ExtendedUsage, KeyUsageBit } from "../x509/certificate.ts";
import { printable } from "../x509/distinguished_name.ts";
import { JudgementBudget } from "../x509/judgement_budget.ts";
import { PathSearch } from "./path_search.ts";
import type { RevocationLists } from "./revocation_lists.ts";
import { matchesIdentity } from "./server_identity.ts";
import type { TrustStore } from "./trust_store.ts";

/** The purpose that the certificates of a peer must serve. */
export interface ChainPurpose {
  /** The trust anchors. */
  readonly store: TrustStore;
  /** The name a server must have; `undefined` when clients are checked. */
  readonly serverName: string | undefined;
  /** The time in milliseconds since 1970. */
  readonly time: number;
  /** Lists of revoked certificates, which must cover all of a path; none are asked for if left out. */
  readonly revocation?: RevocationLists | undefined;
}

/**
 * Verifies a peer's certificates (RFC 5280, Section 6, with the peer's own first).
 *
 * The other certificates may come in any order, and superfluous ones do no harm.
 *
 * @param budget What the judgement may cost, of which reading may have taken a part.
 * @returns The path that was found, from the peer's certificate to an anchor.
 */
export function verifyChain(
  chain: readonly Certificate[],
  purpose: ChainPurpose,
  budget: JudgementBudget = new JudgementBudget(),
): readonly Certificate[] {
  const leaf = chain[0]!;
  checkLeaf(leaf, purpose);
  // A self-signed certificate that the user trusts by itself.
  if (purpose.store.isAnchor(leaf)) return [leaf];
  const search = new PathSearch(chain, purpose.store, {
    issuerProblem: (issuer) => issuerProblem(issuer, purpose),
    lengthProblem,
    finalProblem: (path) =>
      nameProblem(path, budget) ??
        purpose.revocation?.problemOf(path.toReversed(), purpose.time, budget),
  }, budget);
  const path = search.find();
  if (path) return path.toReversed();
  throw search.failure ?? unknownAuthority(leaf);
}

function checkLeaf(leaf: Certificate, purpose: ChainPurpose): void {
  const { serverName } = purpose;
  if (serverName !== undefined && !matchesIdentity(leaf, serverName)) {
    const names = [...leaf.dnsNames, ...leaf.ipAddresses].slice(0, 8).join(", ");
    throw alertError(
      Alert.CertificateUnknown,
      `Cannot accept the server's certificate for ${serverName}: ` +
        `it is good for ${printable(names) || "no name at all"}`,
    );
  }
  const problem = validityProblem(leaf, purpose.time) ?? extensionProblem(leaf) ??
    usageProblem(leaf, purpose);
  if (problem) throw problem;
  if (!leaf.extensions.allowsKeyUsage(KeyUsageBit.DigitalSignature)) {
    throw unsupported(leaf, "its key may not sign");
  }
  if (leaf.key.problem !== undefined) throw unsupported(leaf, leaf.key.problem);
}

/** RFC 5280, Section 6.1.4, as far as it is about one certificate. */
function issuerProblem(
  issuer: Certificate,
  purpose: ChainPurpose,
): TransportError | undefined {
  // Roots of before 1999 have no extensions; the user's word stands for them.
  const isOldAnchor = !issuer.hasExtensions && purpose.store.isAnchor(issuer);
  const isAuthority = isOldAnchor || issuer.isAuthority;
  // RFC 5280, Section 4.1.2.6: an authority has a name.
  if (!isAuthority || issuer.subject.isEmpty) return notAuthority(issuer);
  if (!issuer.extensions.allowsKeyUsage(KeyUsageBit.KeyCertSign)) return notAuthority(issuer);
  if (issuer.key.problem !== undefined) return unsupported(issuer, issuer.key.problem);
  return validityProblem(issuer, purpose.time) ?? extensionProblem(issuer) ??
    usageProblem(issuer, purpose);
}

/** RFC 5280, Section 4.2.1.9: self-issued certificates and the peer's own do not count. */
function lengthProblem(path: readonly Certificate[]): TransportError | undefined {
  let between = 0;
  for (const issuer of path.toReversed()) {
    if (between > issuer.pathLength) {
      return alertError(
        Alert.BadCertificate,
        `Cannot trust ${issuer.subject.text} with a chain this long: ` +
          `${issuer.pathLength} is its limit`,
      );
    }
    if (!issuer.isSelfIssued) between++;
  }
  return undefined;
}

function validityProblem(certificate: Certificate, time: number): TransportError | undefined {
  // Both ends are inclusive and told in whole seconds (RFC 5280, Section 4.1.2.5). Written so that a
  // time that is not a number refuses.
  const { notBefore, notAfter } = certificate;
  if (time >= notBefore && Math.floor(time / 1000) * 1000 <= notAfter) return undefined;
  const isEarly = time < notBefore;
  const limit = new Date(isEarly ? notBefore : notAfter).toISOString();
  return alertError(
    Alert.CertificateExpired,
    `Cannot accept the certificate for ${certificate.subject.text}: ` +
      `it ${isEarly ? "is not valid before" : "expired on"} ${limit}`,
  );
}

function usageProblem(
  certificate: Certificate,
  purpose: ChainPurpose,
): TransportError | undefined {
  const isServer = purpose.serverName !== undefined;
  const usage = isServer ? ExtendedUsage.ServerAuth : ExtendedUsage.ClientAuth;
  if (certificate.extensions.allowsExtendedUsage(usage)) return undefined;
  return unsupported(certificate, `it is not meant for a ${isServer ? "server" : "client"}`);
}

function extensionProblem(certificate: Certificate): TransportError | undefined {
  const { problem } = certificate.extensions;
  return problem === undefined ? undefined : unsupported(certificate, problem);
}

/** RFC 5280, Section 6.1.3 (b) and (c): the constraints of all above, on the names of each. */
function nameProblem(
  path: readonly Certificate[],
  budget: JudgementBudget,
): TransportError | undefined {
  for (const [i, issuer] of path.entries()) {
    const { nameConstraints } = issuer;
    if (!nameConstraints) continue;
    for (const certificate of path.slice(i + 1)) {
      const isLeaf = certificate === path.at(-1);
      if (certificate.isSelfIssued && !isLeaf) continue;
      const reason = nameConstraints.violation(certificate, budget);
      if (reason === undefined) continue;
      return alertError(
        Alert.BadCertificate,
        `Cannot trust ${issuer.subject.text} for ${certificate.subject.text}: ${reason}`,
      );
    }
  }
  return undefined;
}

function notAuthority(issuer: Certificate): TransportError {
  return alertError(
    Alert.BadCertificate,
    `Cannot trust ${issuer.subject.text} as an issuer: it is no certificate authority`,
  );
}

function unknownAuthority(leaf: Certificate): TransportError {
  return alertError(
    Alert.UnknownCa,
    `Cannot trust the certificate for ${leaf.subject.text}: ` +
      `no trusted authority leads to its issuer ${leaf.issuer.text}`,
  );
}

function unsupported(certificate: Certificate, reason: string): TransportError {
  return alertError(
    Alert.UnsupportedCertificate,
    `Cannot accept the certificate for ${certificate.subject.text}: ${reason}`,
  );
}
