/** Notes that tests leave for the report of `deno task test`, for what no name of a test can say. */

/** Names the file of the notes; without it none are taken. */
export const NOTES = "MPQUIC_TEST_NOTES";

/**
 * Notes that a requirement was met by what a test has done.
 *
 * @param tag The requirement's, without brackets.
 */
export function note(tag: string): void {
  const path = Deno.env.get(NOTES);
  if (path !== undefined) Deno.writeTextFileSync(path, `${tag}\n`, { append: true });
}

/** The tags that were noted, each once. */
export function readNotes(path: string): string[] {
  try {
    return [...new Set(Deno.readTextFileSync(path).split("\n"))].filter((line) => line !== "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
