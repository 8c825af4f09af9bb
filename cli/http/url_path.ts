// Turns the path of a URL into the path of a file.

/** Longer paths are refused before anything is looked up. */
const LONGEST_PATH = 4096;

/** What is served though its name begins with a dot. */
const WELL_KNOWN = ".well-known";

/** How the name of a file begins that is being uploaded; it is never shown. */
export const PART_PREFIX = ".upload-";

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
 * Whether a file is hidden: a path with "..", "." or, unless those are to be shown, another name
 * with a leading dot; files that are being uploaded always are. Public files are at `/.well-known/`
 * (RFC 8615, Section 3).
 *
 * @param names The decoded names that lead to it.
 * @param dotfiles Whether names with a leading dot are to be shown.
 */
export function isHiddenPath(names: readonly string[], dotfiles: boolean): boolean {
  return names.some((name, i) => {
    if (name.startsWith(PART_PREFIX)) return true;
    if (dotfiles || (i === 0 && name === WELL_KNOWN)) return name === "." || name === "..";
    return name.startsWith(".");
  });
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

/**
 * Slashes that were encoded and NUL change what a path means, and so do backslashes and drive letters
 * where they are not a part of names as any other.
 */
function isPlainName(name: string): boolean {
  return !(Deno.build.os === "windows" ? /[/\\:\0]/ : /[/\0]/).test(name);
}
