/** Longer paths are refused before anything is looked up. */
const LONGEST_PATH = 4096;

/**
 * Splits the path of a URL into file names that cannot lead out of a folder.
 *
 * @param pathname As it came, percent-encoded.
 * @returns The decoded names, or undefined if one of them could be more than a name.
 */
export function splitUrlPath(pathname: string): readonly string[] | undefined {
  if (!pathname.startsWith("/") || pathname.length > LONGEST_PATH) return undefined;
  const names: string[] = [];
  for (const part of pathname.split("/")) {
    const name = decodePart(part);
    if (name === undefined || !isPlainName(name)) return undefined;
    if (name !== "") names.push(name);
  }
  return names;
}

/**
 * Whether a file of that name is kept from view: "..", "." and, unless they are to be shown, all
 * others with a leading dot.
 *
 * @param name A decoded name.
 * @param dotfiles Whether those are to be shown.
 */
export function isHiddenName(name: string, dotfiles: boolean): boolean {
  return dotfiles ? name === "." || name === ".." : name.startsWith(".");
}

/**
 * The path of a URL for these names.
 *
 * @param names Decoded names.
 */
export function joinUrlPath(names: readonly string[]): string {
  return `/${names.map(encodeURIComponent).join("/")}`;
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // not UTF-8, or a percent sign alone
  }
}

/** Slashes that were encoded, backslashes, NUL and drive letters change what a path means. */
function isPlainName(name: string): boolean {
  if (/[/\\\0]/.test(name)) return false;
  return Deno.build.os !== "windows" || !name.includes(":");
}
