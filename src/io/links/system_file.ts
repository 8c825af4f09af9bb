// A file in which the system tells of itself, below /proc or /sys.

import { readFileIfGranted } from "../environment.ts";
import { libc } from "../native/libc.ts";
import { nativeMode } from "../native/native_mode.ts";

/**
 * The text of a file of the system, if we may read it and it can be read. Never prompts.
 *
 * The runtime refuses such files to all programs that do not run with `-A`, as some of them give a
 * program power over itself. So a file that is allowed by `--allow-read`, and refused all the same, is
 * read by the C library, where that may be called. Only files that tell of networks are read here.
 *
 * @param path Its whole name.
 */
export function readSystemFile(path: string): string | undefined {
  const text = readFileIfGranted(path);
  if (text !== undefined || typeof libc === "string" || nativeMode() === "off") return text;
  const { state, partial } = Deno.permissions.querySync({ name: "read", path });
  return state === "granted" && !partial ? libc.readFile(path) : undefined;
}
