// Name constraints of certificates of authorities (RFC 5280, Section 4.2.1.10).

import { contextTag, DerError, DerReader, readCount, Tag } from "./der.ts";
import type { DistinguishedName } from "./distinguished_name.ts";
import { type GeneralName, type NameForm, nameText, readGeneralName } from "./general_name.ts";
import { type JudgementBudget, JudgementCost } from "./judgement_budget.ts";
import { asComparable, asNameBase, type NameBase } from "./name_base.ts";

/** The names of a certificate, as constraints look at them. */
export interface NamedCertificate {
  readonly subject: DistinguishedName;
  readonly alternativeNames: readonly GeneralName[];
}

/** What certificates below an authority may be called (RFC 5280, Section 4.2.1.10). */
export class NameConstraints {
  readonly #permitted: ReadonlyMap<NameForm, readonly (NameBase | undefined)[]>;
  readonly #excluded: ReadonlyMap<NameForm, readonly (NameBase | undefined)[]>;

  private constructor(
    permitted: ReadonlyMap<NameForm, readonly (NameBase | undefined)[]>,
    excluded: ReadonlyMap<NameForm, readonly (NameBase | undefined)[]>,
  ) {
    this.#permitted = permitted;
    this.#excluded = excluded;
  }

  /**
   * Reads the value of the extension.
   *
   * @throws {DerError} If it is not well-formed, or constrains nothing at all.
   */
  static read(value: Uint8Array): NameConstraints {
    const reader = DerReader.inside(value, Tag.Sequence);
    if (reader.isAtEnd) throw new DerError("its name constraints are empty");
    const [permitted, excluded] = [0, 1].map((number) => {
      const tag = contextTag(number, true);
      return reader.tag === tag ? readSubtrees(reader.enter(tag)) : new Map();
    });
    reader.expectEnd();
    return new NameConstraints(permitted!, excluded!);
  }

  /** Why `certificate` is not within them; `undefined` if it is. */
  violation(certificate: NamedCertificate, budget: JudgementBudget): string | undefined {
    for (const name of namesOf(certificate)) {
      const permitted = this.#permitted.get(name.form) ?? [];
      const excluded = this.#excluded.get(name.form) ?? [];
      const count = permitted.length + excluded.length;
      budget.spend(JudgementCost.Comparison * (1 + count));
      if (count === 0) continue;
      const reason = problem(name, permitted, excluded);
      if (reason) return `${nameText(name)} ${reason}`;
    }
    return undefined;
  }
}

/**
 * RFC 5280, Section 4.2.1.10: what is constrained and cannot be compared refuses the certificate,
 * be it the name or the constraint.
 */
function problem(
  name: GeneralName,
  permitted: readonly (NameBase | undefined)[],
  excluded: readonly (NameBase | undefined)[],
): string | undefined {
  if (permitted.includes(undefined) || excluded.includes(undefined)) {
    return "is of a form that is constrained in a way that is not understood";
  }
  const comparable = asComparable(name);
  if (!comparable) return "cannot be compared with the names that are permitted or excluded";
  if (permitted.length > 0 && !permitted.some((base) => base!.holds(comparable))) {
    return "is outside of the permitted names";
  }
  return excluded.some((base) => base!.touches(comparable)) ? "is excluded" : undefined;
}

/** The subject's name is one of them, and so are mail addresses in it. */
function* namesOf({ subject, alternativeNames }: NamedCertificate): Generator<GeneralName> {
  if (!subject.isEmpty) yield { form: "directory", name: subject };
  for (const text of subject.emails) yield { form: "email", text };
  yield* alternativeNames;
}

/** By form; what is not understood is `undefined`. */
function readSubtrees(reader: DerReader): Map<NameForm, (NameBase | undefined)[]> {
  const byForm = new Map<NameForm, (NameBase | undefined)[]>();
  do {
    const subtree = reader.enter(Tag.Sequence);
    const name = readGeneralName(subtree);
    const isWhole = readRange(subtree);
    const bases = byForm.get(name.form) ?? [];
    byForm.set(name.form, bases);
    bases.push(isWhole ? asNameBase(name) : undefined);
  } while (!reader.isAtEnd);
  return byForm;
}

/** Whether a subtree is meant from its base on, and to any depth; other ranges are not in use. */
function readRange(subtree: DerReader): boolean {
  const [minimum, maximum] = [0, 1].map((number) => contextTag(number, false));
  const least = subtree.tag === minimum ? readCount(subtree.content(minimum!)) : 0;
  const isBounded = subtree.tag === maximum;
  if (isBounded) readCount(subtree.content(maximum!));
  subtree.expectEnd();
  return least === 0 && !isBounded;
}
