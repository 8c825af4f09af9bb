// Reasons for which files cannot be read or written.

const byCode: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  EROFS: "the disk is read-only",
  ENAMETOOLONG: "its name is too long",
  EIO: "the disk does not work",
};

/**
 * Why a file cannot be read or written, in a few words.
 *
 * @param error What was thrown.
 * @param missing What it means that something is not there.
 */
export function whyNot(error: unknown, missing = "its folder does not exist"): string {
  if (error instanceof Deno.errors.NotFound) return missing;
  if (error instanceof Deno.errors.PermissionDenied) return "that is not allowed";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotADirectory) return "what should be its folder is a file";
  if (error instanceof Deno.errors.AlreadyExists) return "there is a file of that name";
  if (error instanceof Deno.errors.BrokenPipe) return "its reader is gone";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return byCode[code] ?? (error instanceof Error ? error.message : String(error));
}

/** Whether the disk is full, or what the user may have of it. */
export function isDiskFull(error: unknown): boolean {
  // Some errors of the runtime have the number of the system in their text only.
  return error instanceof Error && /ENOSPC|EDQUOT|os error (?:28|122)\b/.test(
    "code" in error ? `${error.code} ${error.message}` : error.message,
  );
}
