import type { Outcome } from "./outcome.ts";
import { type Family, idsIn, type Requirement } from "./requirement.ts";

/** Tests that cannot be run everywhere. */
export interface LawfulSkip {
  /** Their file, as the runner writes it, or a pattern of files. */
  readonly file: string | RegExp;
  /** The name of the one test, or a pattern of names. */
  readonly name: string | RegExp;
  /** What is missing where they are skipped. */
  readonly reason: string;
  /** Whether that is missing here. */
  readonly isMissing: boolean;
}

/** What the outcomes mean. */
export interface Judgement {
  /** What to print. */
  readonly lines: readonly string[];
  /** Of these, what is wrong; nothing if all requirements are held. */
  readonly faults: readonly string[];
}

/**
 * Says which requirements hold.
 *
 * A requirement holds if as many tests as it names carry its tag, and none of them failed or was
 * skipped without a reason. If every one was skipped for a reason, it is told to be untested. Every
 * other test that was skipped needs a reason, too.
 *
 * @param outcomes All of the runs.
 * @param families What must hold.
 * @param lawful Which tests may be skipped, and when.
 */
export function judge(
  outcomes: readonly Outcome[],
  families: readonly Family[],
  lawful: readonly LawfulSkip[],
): Judgement {
  const skips = new Skips(outcomes, lawful);
  const lines: string[] = [];
  const faults = [...skips.faults];
  for (const family of families) {
    const tagged = byId(outcomes, family);
    const found = family.requirements.map((one) => stateOf(one, tagged.get(one.id) ?? [], skips));
    const held = found.filter(({ state }) => state === "held").length;
    lines.push(`${family.name}: ${held} of ${found.length} requirements are held`);
    for (const [i, { state, why }] of found.entries()) {
      const { id, sentence } = family.requirements[i]!;
      const what = `[${family.name} ${id}] ${sentence}: ${why}`;
      if (state === "untested") lines.push(`untested: ${what}`);
      if (state === "broken") faults.push(what);
    }
    faults.push(...unknownTags(tagged, family));
  }
  lines.push(...skips.lines, ...faults.map((fault) => `NOT HELD: ${fault}`));
  return { lines, faults };
}

/** The tests that were skipped, and why they may be. */
class Skips {
  readonly lines: string[] = [];
  readonly faults: string[] = [];
  readonly #reasons = new Map<Outcome, string>();

  constructor(outcomes: readonly Outcome[], lawful: readonly LawfulSkip[]) {
    for (const outcome of outcomes) {
      if (outcome.ending !== "skipped") continue;
      const entry = lawful.find((one) => one.isMissing && isAbout(one, outcome));
      if (entry !== undefined) {
        this.#reasons.set(outcome, entry.reason);
        this.lines.push(`skipped, since ${entry.reason}: ${place(outcome)}`);
      } else {
        this.faults.push(`skipped without a reason: ${place(outcome)}`);
      }
    }
  }

  /** Why a test may be skipped; undefined if it may not, or was not. */
  reasonOf(outcome: Outcome): string | undefined {
    return this.#reasons.get(outcome);
  }
}

interface State {
  readonly state: "held" | "untested" | "broken";
  readonly why: string;
}

function stateOf({ tests }: Requirement, tagged: readonly Outcome[], skips: Skips): State {
  if (tests === "some" ? tagged.length === 0 : tagged.length !== tests) {
    const places = tagged.map(place).join("; ") || "none";
    return { state: "broken", why: `${tests} tests must have this tag, and have it: ${places}` };
  }
  const wrong = tagged.filter((one) => one.ending !== "passed" && !skips.reasonOf(one));
  if (wrong.length > 0) {
    const places = wrong.map((one) => `${one.ending} ${place(one)}`);
    return { state: "broken", why: places.join("; ") };
  }
  const reasons = tagged.flatMap((one) => skips.reasonOf(one) ?? []);
  if (reasons.length === tagged.length) return { state: "untested", why: reasons[0]! };
  return { state: "held", why: "" };
}

function byId(outcomes: readonly Outcome[], family: Family): Map<string, Outcome[]> {
  const tagged = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    if (outcome.isStep) continue;
    for (const id of idsIn(outcome.name, family)) {
      tagged.set(id, [...tagged.get(id) ?? [], outcome]);
    }
  }
  return tagged;
}

function unknownTags(tagged: Map<string, Outcome[]>, family: Family): string[] {
  const known = new Set(family.requirements.map(({ id }) => id));
  return [...tagged].filter(([id]) => !known.has(id)).map(([id, outcomes]) =>
    `no requirement has the tag [${family.name} ${id}] of ${outcomes.map(place).join("; ")}`
  );
}

function isAbout({ file, name }: LawfulSkip, outcome: Outcome): boolean {
  return fits(file, outcome.file) && fits(name, outcome.name);
}

function fits(pattern: string | RegExp, text: string): boolean {
  return typeof pattern === "string" ? pattern === text : pattern.test(text);
}

function place({ file, name }: Outcome): string {
  return `${file} "${name}"`;
}
