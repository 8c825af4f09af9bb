// Whether an open file still has its name.

/**
 * Whether an open file is the one that has a name: a program that waits for the lock of a file may get
 * the lock when the file has another name by now, or none.
 *
 * Where the system does not tell files apart, the answer is yes.
 *
 * @param path The name.
 * @param file The file.
 */
export async function isStillAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const own = await file.stat();
  try {
    const { dev, ino } = await Deno.stat(path);
    return own.ino === null || (dev === own.dev && ino === own.ino);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
