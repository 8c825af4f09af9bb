// The name that a file has while it is being fetched.

import { createHash } from "node:crypto";

/** Bytes of a name, on most file systems. */
const MOST_BYTES = 255;
/** What a note beside a part ends with, which is the longest of our names. */
const LONGEST_END = ".part.json";
/** Bytes that are kept of a name that has no room for that. */
const KEPT = 200;

/**
 * The name of a file's part: that of the file with `.part` behind it. A long name is cut, and what
 * tells it from others with the same beginning is added.
 *
 * @param path The name of the file.
 */
export function partOf(path: string): string {
  const at = path.search(Deno.build.os === "windows" ? /[^/\\]*$/ : /[^/]*$/);
  const name = path.slice(at);
  const bytes = new TextEncoder().encode(name);
  if (bytes.length + LONGEST_END.length <= MOST_BYTES) return `${path}.part`;
  const begin = new TextDecoder().decode(bytes.subarray(0, KEPT), { stream: true });
  const mark = createHash("sha256").update(name).digest("hex").slice(0, 16);
  return `${path.slice(0, at)}${begin}~${mark}.part`;
}
