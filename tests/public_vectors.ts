/** Test vectors that others have published: a folder beside the project's, which may be missing. */
const folder = new URL("../../shared/vectors/", import.meta.url);

/**
 * Where some vectors are, or undefined if they are not here. A test that needs them is ignored then,
 * and stands in the list of lawful skips.
 *
 * @param path A file, or a folder with a slash behind it.
 */
export function publicVectors(path: string): URL | undefined {
  const url = new URL(path, folder);
  try {
    Deno.statSync(url);
    return url;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
