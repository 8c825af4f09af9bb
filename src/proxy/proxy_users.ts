// The users of a proxy or of a server: names with hashes of tokens, or with certificates.

import { createHash, timingSafeEqual } from "node:crypto";

/**
 * A user of a proxy.
 *
 * @category Proxy
 */
export interface ProxyUser {
  /** As the list has it. */
  readonly name: string;
  /** Aborted when the token is good no more. */
  readonly removed: AbortSignal;
}

interface Entry extends ProxyUser {
  /** Of the token; undefined for one that shows a certificate. */
  readonly hash: Uint8Array | undefined;
  readonly abort: AbortController;
}

/** What stands for the hash of one that shows a certificate. */
const BY_CERTIFICATE = "certificate";

/**
 * The users of a proxy: a line `name:hash` for each, where the hash is the SHA-256 of the token
 * in hexadecimal digits, or `name:certificate` for one that shows a certificate of that name. Empty
 * lines, and lines that begin with `#`, mean nothing.
 *
 * A client shows its token in the field `proxy-authorization`: `Bearer TOKEN`, or `Basic` with its
 * name as user and the token as password. Tokens should be random, of 16 bytes or more: they are
 * hashed once, and not slowly.
 *
 * @example
 * ```ts
 * import { ProxyUsers } from "@mpquic/mpquic";
 *
 * // What `printf %s "$TOKEN" | sha256sum` prints.
 * const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
 * const users = new ProxyUsers(`# laptops\nanna:${hash}\n`);
 * ```
 *
 * @category Proxy
 */
export class ProxyUsers {
  #entries: readonly Entry[];

  /**
   * Reads the lines.
   *
   * @param text The lines.
   * @throws {TypeError} Which line cannot be read, or that there is no user.
   */
  constructor(text: string) {
    this.#entries = parse(text, []);
  }

  /**
   * Takes other lines from now on. What those have open whose token is good no more ends. If a line
   * cannot be read, all stays as it was.
   *
   * @param text The lines.
   * @throws {TypeError} Which line cannot be read, or that there is no user.
   */
  update(text: string): void {
    const before = this.#entries;
    this.#entries = parse(text, before);
    for (const entry of before) {
      if (!this.#entries.includes(entry)) entry.abort.abort(new Error("The token was removed"));
    }
  }

  /**
   * The user that a field shows the token of. All entries are looked at, whichever it is, so that the
   * time tells nothing.
   *
   * @param field `Bearer TOKEN` or `Basic` with name and token.
   * @param certified The name in a certificate whose authority has been checked; it counts where
   * nothing is shown in the field.
   * @returns Undefined if there is no such user.
   */
  identify(field: string | null, certified?: string): ProxyUser | undefined {
    if (field === null && certified !== undefined) {
      return this.#entries.find(({ name, hash }) => hash === undefined && name === certified);
    }
    const credentials = readCredentials(field ?? "");
    const hash = createHash("sha256").update(credentials?.token ?? "").digest();
    let found: Entry | undefined;
    for (const entry of this.#entries) {
      const isNamed = credentials?.name === undefined || credentials.name === entry.name;
      if (timingSafeEqual(hash, entry.hash ?? NO_HASH) && isNamed) found = entry;
    }
    return credentials && found;
  }
}

/** No token has this one. */
const NO_HASH = new Uint8Array(32);

interface Credentials {
  /** Left out where the token alone is shown. */
  readonly name?: string;
  readonly token: string;
}

function readCredentials(field: string): Credentials | undefined {
  const [, scheme, value] = /^([A-Za-z]+) +([\w.~+/=-]+)$/.exec(field.trim()) ?? [];
  if (scheme?.toLowerCase() === "bearer") return { token: value! };
  if (scheme?.toLowerCase() !== "basic") return undefined;
  try {
    const bytes = Uint8Array.from(atob(value!), (char) => char.charCodeAt(0));
    const [, name, token] = /^([^:]*):([^]*)$/.exec(new TextDecoder().decode(bytes)) ?? [];
    return name === undefined ? undefined : { name, token: token! };
  } catch {
    return undefined; // it is not Base64
  }
}

/** @param known Entries that stay as they are if the lines have them, too. */
function parse(text: string, known: readonly Entry[]): readonly Entry[] {
  const entries: Entry[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const bare = line.trim();
    if (bare === "" || bare.startsWith("#")) continue;
    const [, name, proof] = LINE.exec(bare) ?? [];
    if (name === undefined) {
      throw new TypeError(
        `Cannot read line ${
          i + 1
        } of the users: write name:hash, with the SHA-256 of the token in 64 hexadecimal digits (printf %s TOKEN | sha256sum), or name:certificate`,
      );
    }
    const hash = proof === BY_CERTIFICATE ? undefined : Uint8Array.fromHex(proof!);
    const same = known.find((entry) => entry.name === name && isSame(entry.hash, hash));
    entries.push(same ?? entryOf(name, hash));
  }
  if (entries.length > 0) return entries;
  throw new TypeError("Cannot do without users: write a line name:hash for each");
}

const LINE = new RegExp(`^([^:\\s]+):([0-9a-fA-F]{64}|${BY_CERTIFICATE})$`);

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return timingSafeEqual(one, other);
}

function entryOf(name: string, hash: Uint8Array | undefined): Entry {
  const abort = new AbortController();
  return { name, hash, abort, removed: abort.signal };
}
