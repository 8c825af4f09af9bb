/** Requirements, each held by the tests that carry its tag in their names: `[attack rapid-reset]`. */

/** What must hold. */
export interface Requirement {
  /** What its tests are tagged with: a word or two. */
  readonly id: string;
  /** What must hold, for people. */
  readonly sentence: string;
  /** How many tests hold it; one that is gone, or renamed without its tag, is missed. */
  readonly tests: number | "some";
}

/** Requirements of one kind. */
export interface Family {
  /** The word that begins their tags. */
  readonly name: string;
  readonly requirements: readonly Requirement[];
}

/** A row of a table: the id, the sentence, and the number of tests if it is not one. */
export type Row = readonly [id: string, sentence: string, tests?: number | "some"];

/**
 * Makes a family of a table.
 *
 * @throws {Error} If an id stands there twice, or cannot be written in a tag.
 */
export function family(name: string, rows: readonly Row[]): Family {
  const ids = new Set<string>();
  for (const [id] of rows) {
    if (ids.has(id)) throw new Error(`Cannot tell two requirements apart: ${name} ${id}`);
    if (!/^[^[\]]+$/.test(id)) throw new Error(`Cannot write "${id}" in a tag`);
    ids.add(id);
  }
  return {
    name,
    requirements: rows.map(([id, sentence, tests = 1]) => ({ id, sentence, tests })),
  };
}

/** The ids of a family in the name of a test, each once. */
export function idsIn(title: string, { name }: Family): string[] {
  const tags = title.matchAll(/\[(\S+) ([^[\]]+)\]/g);
  return [...new Set(Array.from(tags).filter(([, word]) => word === name).map(([, , id]) => id!))];
}
