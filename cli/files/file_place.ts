// Where a file lies, which may be named by a link.

/** A file that is there, or may be. */
export interface FilePlace {
  /** Its name, which no link has. */
  readonly target: string;
  /** Its mode; null if there is no such file yet, or the system has no modes. */
  readonly mode: number | null;
}

/**
 * Finds a file, links followed.
 *
 * @param path The file, or a link to it.
 * @returns Undefined where no file can be: at a device, a pipe, a folder, or a link to nothing; also
 *     where none may be looked at.
 */
export async function placeOfFile(path: string): Promise<FilePlace | undefined> {
  try {
    const { isFile, mode } = await Deno.stat(path);
    return isFile ? { target: await Deno.realPath(path), mode } : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const isLink = await Deno.lstat(path).then(() => true, () => false); // to a file yet to be made
    return isLink ? undefined : { target: path, mode: null };
  }
}
