// The lists of revoked certificates that are in use.

import type { TransportError } from "../../error/quic_error.ts";
import { Alert, alertError } from "../code/alert.ts";
import { Certificate, KeyUsageBit } from "../x509/certificate.ts";
import { DerError } from "../x509/der.ts";
import type { JudgementBudget } from "../x509/judgement_budget.ts";
import { isPemCut, readPem } from "../x509/pem.ts";
import { RevocationList } from "../x509/revocation_list.ts";

/**
 * Lists of certificates that their authorities have revoked (CRLs, RFC 5280). Where they are given,
 * each certificate on the way to a trusted one must be covered by a good list of its issuer, and be
 * in none: a list that is missing or over refuses as well, as with curl and nginx.
 *
 * One object can serve any number of servers and connections. Lists that are replaced count for
 * handshakes from then on; connections that are open stay, for `has` to ask about.
 *
 * @example
 * ```ts ignore
 * import { RevocationLists, serve } from "@mpquic/mpquic";
 *
 * const revocation = new RevocationLists([await Deno.readTextFile("clients.crl")]);
 * const clientCertificates = { caCerts: [ca], revocation };
 * serve({ port: 443, cert, key, clientCertificates }, () => new Response("Welcome"));
 * ```
 *
 * @category Certificates
 */
export class RevocationLists {
  #byIssuer: ReadonlyMap<string, readonly RevocationList[]> = new Map();

  /**
   * Reads lists.
   *
   * @param pems Texts with any number of lists each, as PEM (`X509 CRL`).
   * @throws {TypeError} If a text has no list in it, or one that cannot be used.
   */
  constructor(pems: readonly string[]) {
    this.replace(pems);
  }

  /**
   * Takes other lists in place of all that there were.
   *
   * @param pems Texts with any number of lists each, as PEM (`X509 CRL`).
   * @throws {TypeError} If a text has no list in it, or one that cannot be used; all stays as it was.
   */
  replace(pems: readonly string[]): void {
    const lists = new Map<string, RevocationList[]>();
    for (const [i, pem] of pems.entries()) {
      for (const list of readLists(pem, i)) {
        const own = lists.get(list.issuer.key);
        if (own) own.push(list);
        else lists.set(list.issuer.key, [list]);
      }
    }
    this.#byIssuer = lists;
  }

  /**
   * Whether a certificate is on a list of its issuer: handshakes ask that by themselves, and who has
   * connections open for long may ask again.
   *
   * @param der The certificate in DER.
   * @throws {Error} If it cannot be read.
   */
  has(der: Uint8Array): boolean {
    const certificate = new Certificate(der);
    const lists = this.#byIssuer.get(certificate.issuer.key) ?? [];
    return lists.some((list) => list.has(certificate));
  }

  /**
   * Why one of the certificates of a path does not count any more.
   *
   * @param path From a peer's certificate to an anchor, each signed by the next.
   * @param time The time in milliseconds since 1970.
   * @param budget What the judgement may cost.
   * @throws {TransportError} When it costs more.
   * @internal
   */
  problemOf(
    path: readonly Certificate[],
    time: number,
    budget: JudgementBudget,
  ): TransportError | undefined {
    for (const [i, certificate] of path.entries()) {
      const issuer = path[i + 1];
      const problem = issuer && this.#problem(certificate, issuer, time, budget);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** RFC 5280, Section 6.3.3, for complete lists of the issuer itself. */
  #problem(
    certificate: Certificate,
    issuer: Certificate,
    time: number,
    budget: JudgementBudget,
  ): TransportError | undefined {
    const lists = this.#byIssuer.get(issuer.subject.key) ?? [];
    const name = issuer.subject.text;
    if (lists.length === 0) return unsure(certificate, `there is no list of ${name}`);
    if (!issuer.extensions.allowsKeyUsage(KeyUsageBit.CrlSign)) {
      return unsure(certificate, `${name} may not sign lists`);
    }
    const signed = lists.filter((list) => list.isSignedBy(issuer.key, budget));
    if (signed.length === 0) {
      return unsure(certificate, `the signature of the list is not that of ${name}`);
    }
    // A certificate that was revoked once is good in no later list.
    if (signed.some((list) => list.has(certificate))) {
      return alertError(
        Alert.CertificateRevoked,
        `Cannot accept the certificate for ${certificate.subject.text}: ${name} has revoked it`,
      );
    }
    if (signed.some((list) => isCurrent(list, time))) return undefined;
    const last = Math.max(...signed.map(({ nextUpdate }) => nextUpdate));
    const isEarly = signed.some(({ thisUpdate }) => time < thisUpdate);
    return unsure(
      certificate,
      isEarly
        ? `the list of ${name} is of a time to come`
        : `the list of ${name} was good until ${new Date(last).toISOString()}`,
    );
  }
}

/** Written so that a time that is not a number refuses. */
function isCurrent({ thisUpdate, nextUpdate }: RevocationList, time: number): boolean {
  return time >= thisUpdate && Math.floor(time / 1000) * 1000 <= nextUpdate;
}

function readLists(pem: string, index: number): RevocationList[] {
  const refuse = (why: string, cause?: unknown) =>
    new TypeError(`Cannot use the revocation list ${index}: ${why}`, { cause });
  const ders = readPem(pem, "X509 CRL");
  if (isPemCut(pem, "X509 CRL")) throw refuse("its PEM has no end");
  if (ders.length === 0) throw refuse("there is none in PEM");
  return ders.map((der) => {
    try {
      return new RevocationList(der);
    } catch (error) {
      if (error instanceof DerError) throw refuse(error.message, error);
      throw error;
    }
  });
}

function unsure(certificate: Certificate, why: string): TransportError {
  return alertError(
    Alert.CertificateUnknown,
    `Cannot tell whether the certificate for ${certificate.subject.text} was revoked: ${why}`,
  );
}
