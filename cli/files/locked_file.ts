// Opens a file that others may rename or remove, and locks it.

/** How often a file is opened that others make, rename or remove before it is locked. */
const MOST_ATTEMPTS = 16;

/**
 * Opens a file and locks it, so that the lock is that of the file with this name. The lock is seen by
 * other threads and processes.
 *
 * @param path The name.
 * @param open Opens what has the name now; undefined if another one made or removed it just then.
 * @param taken Makes the error for a file that another one has locked, which has so many bytes.
 */
export async function openLocked(
  path: string,
  open: () => Promise<Deno.FsFile | undefined>,
  taken: (size: number) => Error,
): Promise<Deno.FsFile> {
  for (let i = 0; i < MOST_ATTEMPTS; i++) {
    const file = await open();
    if (file === undefined) continue;
    try {
      const { size } = await file.stat();
      if (!await file.tryLock(true)) throw taken(size);
      if (await isStillAt(path, file)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    // The one that had it locked has given it its name meanwhile, or removed it.
    file.close();
  }
  throw taken(0);
}

/**
 * Whether an open file is the one that has a name: a program that waits for the lock of a file may get
 * the lock when the file has another name by now, or none.
 *
 * Where the system does not tell files apart, the answer is yes.
 *
 * @param path The name.
 * @param file The file.
 */
async function isStillAt(path: string, file: Deno.FsFile): Promise<boolean> {
  const own = await file.stat();
  try {
    const { dev, ino } = await Deno.stat(path);
    return own.ino === null || (dev === own.dev && ino === own.ino);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
