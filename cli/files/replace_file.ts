// Replaces a file as a whole.

import { writeAll } from "../console/write_all.ts";
import { placeOfFile } from "./file_place.ts";

/**
 * Gives a file another content, all of it or none: a full disk or a crash leaves what was there. The
 * content is written beside the file, which keeps its mode, and takes its name. A device or a pipe is
 * written as it is, and so is a file beside which nothing may be written.
 *
 * @param path The file, or a link to it.
 * @param text The content.
 * @param mode The mode of a file that is not there yet.
 */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const place = await placeOfFile(path);
  const beside = `${place?.target}.${crypto.randomUUID()}.tmp`;
  const file = place && await openBeside(beside, place.mode ?? mode);
  if (place === undefined || file === undefined) {
    return await Deno.writeTextFile(path, text, { mode });
  }
  try {
    try {
      await writeAll(file, new TextEncoder().encode(text));
      await file.syncData(); // else the name may outlive a loss of power, and the content not
    } finally {
      file.close();
    }
    await Deno.rename(beside, place.target);
  } catch (error) {
    await Deno.remove(beside).catch(() => {});
    throw error;
  }
}

/** A new file; undefined where none may be made. */
async function openBeside(path: string, mode: number): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path, { write: true, createNew: true, mode: mode & 0o777 });
  } catch (error) {
    const isDenied = error instanceof Deno.errors.NotCapable ||
      error instanceof Deno.errors.PermissionDenied;
    if (isDenied || isTooLong(error)) return undefined;
    throw error;
  }
}

/** Whether a name is too long, which that of the file itself is not. */
function isTooLong(error: unknown): boolean {
  return error instanceof Error && /ENAMETOOLONG|os error 36\b/.test(error.message);
}
