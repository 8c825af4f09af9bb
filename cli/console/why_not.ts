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
  return error instanceof Error ? error.message : String(error);
}
