// Reads the listing of a folder, as a server sends it in JSON.

/** One entry of a folder at a server. */
export interface FolderEntry {
  /** Its name: no path, and nothing that leads out of a folder. */
  readonly name: string;
  /** Whether it is a folder itself. */
  readonly isFolder: boolean;
  /** Its size in bytes; undefined if the server does not say. */
  readonly size: number | undefined;
  /** When it was last changed, in milliseconds since 1970; undefined if the server does not say. */
  readonly modified: number | undefined;
}

/** The entries of a listing, and the names that are not used. */
export interface FolderListing {
  /** The entries that can be fetched. */
  readonly entries: readonly FolderEntry[];
  /** Names that are not used, as they would lead elsewhere. */
  readonly refused: readonly string[];
}

/**
 * Reads a listing: an array of objects with `name`, `type`, `size` and `mtime`.
 *
 * @param text What the server sent.
 * @returns Undefined if it is no listing.
 */
export function readListing(text: string): FolderListing | undefined {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  const entries = new Map<string, FolderEntry>();
  const refused: string[] = [];
  for (const one of list) {
    const { name, type, size, mtime } = (one ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || (type !== "file" && type !== "directory")) return undefined;
    if (!isPlainName(name)) {
      refused.push(name);
      continue;
    }
    const modified = typeof mtime === "string" ? Date.parse(mtime) : NaN;
    entries.set(name, {
      name,
      isFolder: type === "directory",
      size: Number.isSafeInteger(size) && (size as number) >= 0 ? size as number : undefined,
      modified: Number.isNaN(modified) ? undefined : modified,
    });
  }
  return { entries: [...entries.values()], refused };
}

/** Names come from the server: what would be written outside of the folder is no name. */
function isPlainName(name: string): boolean {
  // deno-lint-ignore no-control-regex -- such a name could do harm on a terminal or a file system
  const isOdd = /[/\\\u0000-\u001f\u007f]/.test(name) || /^[a-z]:/i.test(name);
  const isOurs = /\.part(?:\.json)?$/.test(name);
  return name !== "" && name !== "." && name !== ".." && !isOdd && !isOurs;
}
