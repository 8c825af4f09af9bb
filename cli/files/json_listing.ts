// The listing of a folder for programs.

import type { ListingEntry } from "./directory_listing.ts";

/**
 * What is in a folder, as an array of JSON: the name, whether it is a file or a directory, the size
 * in bytes, and when it was last changed.
 *
 * @param entries What is in it, in order.
 */
export function jsonListing(entries: readonly ListingEntry[]): string {
  const all = entries.map(({ name, isDirectory, size, modified }) => ({
    name,
    type: isDirectory ? "directory" : "file",
    ...!isDirectory && { size },
    ...modified && { mtime: modified.toISOString() },
  }));
  return `[${all.map((one) => `\n${JSON.stringify(one)}`).join(",")}\n]\n`;
}

/**
 * Whether a request asks for a listing as JSON rather than as a page.
 *
 * @param accept The value of Accept.
 */
export function prefersJson(accept: string | null): boolean {
  const types = accept?.split(",").map((type) => type.split(";")[0]!.trim().toLowerCase()) ?? [];
  return types.includes("application/json") && !types.includes("text/html");
}
