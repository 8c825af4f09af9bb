// The sentence about a file that a flag names and that cannot be read.

import { Failure } from "./failure.ts";
import { whyNot } from "./why_not.ts";

/**
 * The failure to read a file.
 *
 * @param error What was thrown.
 * @param path The file.
 * @param flag The flag that names the file.
 * @param curlCode What the shell would see of curl.
 * @throws What was thrown, if the program may not read: the runtime says what to do.
 */
export function unreadable(
  error: unknown,
  path: string,
  flag: string,
  curlCode?: number,
): Failure {
  if (error instanceof Deno.errors.NotCapable) throw error;
  const reason = whyNot(error, "there is no such file");
  return new Failure(`Cannot read ${path}: ${reason}; name another file with ${flag}`, 1, curlCode);
}
