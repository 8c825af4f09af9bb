// Whether libraries of the system are called.

import { readEnvironment } from "../environment.ts";

/**
 * How libraries of the system are used: where they can be, never, or not without them.
 *
 * @category Connections
 */
export type NativeMode = "auto" | "off" | "require";

/** What is not allowed, not found or fails its test is left alone all the same. */
const DEFAULT: NativeMode = "auto";

/**
 * What the caller wants, or the environment variable MPQUIC_NATIVE. The variable's `off` has the
 * last word, so that any program can be tried without the libraries.
 */
export function nativeMode(wish?: NativeMode): NativeMode {
  const variable = readEnvironment("MPQUIC_NATIVE");
  if (variable === "off") return "off";
  if (wish !== undefined) return wish;
  return variable === "auto" || variable === "require" ? variable : DEFAULT;
}
