// Where the folder of a site really is.

/** Milliseconds for which it is believed to be where it was, as long as nothing speaks against it. */
const TRUST = 1_000;

/** The folder of a site, or a link to it, which a deployment may change at any time. */
export class SiteRoot {
  /** How it is called. */
  readonly path: string;
  #real = "";
  #lookedAt = -Infinity;

  /** @param path How it is called. */
  constructor(path: string) {
    this.path = path;
  }

  /**
   * The folder that holds a file; undefined if none of the site does. Each look costs as much as the
   * one for the file, so the folder is looked up again only now and then, and for files elsewhere.
   *
   * @param real Where the file really is, as it was found just now.
   * @param separator What stands between names.
   */
  async folderOf(real: string, separator: string): Promise<string | undefined> {
    const isTrusted = performance.now() - this.#lookedAt < TRUST;
    if (isTrusted && isWithin(real, this.#real, separator)) return this.#real;
    this.#real = await Deno.realPath(this.path);
    this.#lookedAt = performance.now();
    return isWithin(real, this.#real, separator) ? this.#real : undefined;
  }
}

function isWithin(real: string, folder: string, separator: string): boolean {
  return real === folder ||
    real.startsWith(folder.endsWith(separator) ? folder : folder + separator);
}
