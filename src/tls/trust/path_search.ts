// Searches the path of certificates from a trust anchor down to a peer.

import { TransportError } from "../../error/quic_error.ts";
import { Alert, alertError } from "../code/alert.ts";
import type { Certificate } from "../x509/certificate.ts";
import type { SignatureProblem } from "../x509/certificate_signature.ts";
import { type JudgementBudget, JudgementCost } from "../x509/judgement_budget.ts";
import type { TrustStore } from "./trust_store.ts";

/** Rules that a path has to keep; each tells what is wrong. */
export interface PathRules {
  /** Why `issuer` may not issue certificates, whatever they are. */
  issuerProblem(issuer: Certificate): TransportError | undefined;
  /** Why a path may not go on, the anchor first and the last intermediate last. */
  lengthProblem(path: readonly Certificate[]): TransportError | undefined;
  /** Why a path is not to be accepted that is right otherwise, the anchor first. */
  finalProblem(path: readonly Certificate[]): TransportError | undefined;
}

/**
 * Searches a path from the anchors down to the certificate of a peer.
 *
 * The search goes down, so that an anchor has vouched for every key that is used: a peer without a
 * trusted certificate can make us verify only signatures with trusted keys, each once. Names, which
 * may be many, are compared when all signatures of a path are right.
 */
export class PathSearch {
  readonly #store: TrustStore;
  readonly #rules: PathRules;
  readonly #budget: JudgementBudget;
  readonly #leaf: Certificate;
  /** The certificates that can lie on a path, by the name of their issuer. */
  readonly #byIssuer = new Map<string, Certificate[]>();
  /** What was found out about signatures, by the certificate and its issuer. */
  readonly #signed = new Map<Certificate, Map<Certificate, boolean>>();
  readonly #issuerProblems = new Map<Certificate, TransportError | undefined>();
  /** The first reason against an issuer that was at hand. */
  failure: TransportError | undefined;

  constructor(
    chain: readonly Certificate[],
    store: TrustStore,
    rules: PathRules,
    budget: JudgementBudget,
  ) {
    this.#store = store;
    this.#rules = rules;
    this.#budget = budget;
    this.#leaf = chain[0]!;
    this.#sort(new Set(chain));
  }

  /** A path, the anchor first, or nothing. */
  find(): readonly Certificate[] | undefined {
    for (const name of this.#byIssuer.keys()) {
      for (const anchor of this.#store.anchorsFor(name)) {
        const path = this.#extend([anchor]);
        if (path) return path;
      }
    }
    return undefined;
  }

  /** From the leaf upwards; certificates that no issuer name leads to are left out. */
  #sort(chain: ReadonlySet<Certificate>): void {
    const names = new Set<string>();
    const wanted = [this.#leaf];
    const seen = new Set(wanted);
    for (const certificate of wanted) {
      const name = certificate.issuer.key;
      const siblings = this.#byIssuer.get(name);
      if (siblings) siblings.push(certificate);
      else this.#byIssuer.set(name, [certificate]);
      if (names.has(name)) continue;
      names.add(name);
      for (const other of chain) {
        if (other.subject.key !== name || seen.has(other)) continue;
        seen.add(other);
        wanted.push(other);
      }
    }
  }

  /** The whole path, if `path` can be led to the leaf; its last is vouched for. */
  #extend(path: readonly Certificate[]): readonly Certificate[] | undefined {
    const issuer = path[path.length - 1]!;
    const problem = this.#issuerProblem(issuer) ?? this.#rules.lengthProblem(path);
    if (problem) return this.#refuse(problem);
    for (const certificate of this.#byIssuer.get(issuer.subject.key) ?? []) {
      this.#budget.spend(JudgementCost.Issuer);
      if (path.includes(certificate) || !this.#isSigned(certificate, issuer)) continue;
      const longer = [...path, certificate];
      const whole = certificate === this.#leaf ? this.#finish(longer) : this.#extend(longer);
      if (whole) return whole;
    }
    return undefined;
  }

  #finish(path: readonly Certificate[]): readonly Certificate[] | undefined {
    const problem = this.#rules.finalProblem(path);
    return problem ? this.#refuse(problem) : path;
  }

  #refuse(problem: TransportError): undefined {
    this.failure ??= problem;
  }

  #issuerProblem(issuer: Certificate): TransportError | undefined {
    if (!this.#issuerProblems.has(issuer)) {
      this.#issuerProblems.set(issuer, this.#findIssuerProblem(issuer));
    }
    return this.#issuerProblems.get(issuer);
  }

  #findIssuerProblem(issuer: Certificate): TransportError | undefined {
    try {
      return this.#rules.issuerProblem(issuer);
    } catch (error) {
      // What cannot be read leads nowhere, and does no harm beside what can.
      if (error instanceof TransportError) return error;
      throw error;
    }
  }

  #isSigned(certificate: Certificate, issuer: Certificate): boolean {
    if (this.#store.isKnownToSign(issuer, certificate)) return true;
    const known = this.#signed.get(certificate) ?? new Map<Certificate, boolean>();
    this.#signed.set(certificate, known);
    const isRight = known.get(issuer);
    if (isRight !== undefined) return isRight;
    this.#budget.spend(issuer.key.cost);
    const problem = certificate.signatureProblem(issuer);
    // Right ones an attacker has to get from an authority, wrong ones cost nothing to make.
    if (problem) this.#budget.spend(issuer.key.cost);
    known.set(issuer, problem === undefined);
    if (problem) this.failure ??= signatureFailure(certificate, issuer, problem);
    return problem === undefined;
  }
}

function signatureFailure(
  { subject }: Certificate,
  issuer: Certificate,
  problem: SignatureProblem,
): TransportError {
  const what = `Cannot verify the certificate for ${subject.text}: `;
  const who = issuer.subject.text;
  return problem === "wrong"
    ? alertError(Alert.BadCertificate, `${what}its signature is not that of ${who}`)
    : alertError(Alert.UnsupportedCertificate, `${what}the way ${who} signs is not supported`);
}
