// Cookies, in the file format of curl.

import { Cookie, CookieJar } from "tough-cookie";
import { CurlCode } from "../console/curl_code.ts";
import { Failure } from "../console/failure.ts";
import { unreadable } from "../console/unreadable.ts";
import { whyNot } from "../console/why_not.ts";
import { writeAll } from "../console/write_all.ts";
import { replaceFile } from "../files/replace_file.ts";
import { readStandardInput } from "./standard_input.ts";

/** What a line of an HTTP-only cookie begins with. */
const HTTP_ONLY = "#HttpOnly_";

/** The cookies of a run: those of a file, and those that servers set. */
export class Cookies {
  readonly #jar = new CookieJar(undefined, { looseMode: true });

  /**
   * Reads cookies from a file in the format of Netscape and curl, or of fields `Set-Cookie`.
   *
   * @param path The file; "-" is standard input. As with curl, a file that is not there has none.
   */
  async read(path: string): Promise<void> {
    for (const line of (await textOf(path)).split(/\r?\n/)) {
      const cookie = readLine(line);
      if (cookie === undefined) continue;
      const host = cookie.domain!;
      const url = `https://${host}${cookie.path ?? "/"}`;
      if (cookie.hostOnly) cookie.domain = null;
      this.#jar.setCookieSync(cookie, url, { ignoreError: true });
    }
  }

  /** What a request to a URL says of them; undefined if nothing. */
  fieldFor(url: URL): string | undefined {
    return this.#jar.getCookieStringSync(url.href) || undefined;
  }

  /**
   * Takes in what a server sets; what it may not set is passed over.
   *
   * @param url Where the answer came from.
   * @param headers Its fields.
   */
  take(url: URL, headers: Headers): void {
    for (const field of headers.getSetCookie()) {
      this.#jar.setCookieSync(field, url.href, { ignoreError: true });
    }
  }

  /**
   * Writes all of them.
   *
   * @param path The file; "-" is standard output.
   */
  async write(path: string): Promise<void> {
    const cookies = this.#jar.serializeSync()?.cookies ?? [];
    const now = Date.now();
    const lines = cookies.flatMap((one) => lineOf(Cookie.fromJSON(one)!, now) ?? []);
    const text = ["# Netscape HTTP Cookie File", "", ...lines, ""].join("\n");
    try {
      if (path === "-") await writeAll(Deno.stdout, new TextEncoder().encode(text));
      else await replaceFile(path, text, 0o600);
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) throw error;
      throw new Failure(
        `Cannot write cookies to ${path}: ${whyNot(error)}; name another file with -c`,
        1,
        CurlCode.Write,
      );
    }
  }
}

async function textOf(path: string): Promise<string> {
  try {
    if (path === "-") return await readStandardInput();
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw unreadable(error, path, "-b", CurlCode.Read);
  }
}

function readLine(line: string): Cookie | undefined {
  const httpOnly = line.startsWith(HTTP_ONLY);
  const [domain, sub, path, secure, expires, key, value] =
    (httpOnly ? line.slice(HTTP_ONLY.length) : line).split("\t");
  if (domain === undefined || domain.startsWith("#") || value === undefined) return undefined;
  const seconds = Number(expires);
  return new Cookie({
    key: key!,
    value,
    domain: domain.replace(/^\./, ""),
    path: path!,
    secure: secure === "TRUE",
    httpOnly,
    hostOnly: sub !== "TRUE",
    expires: seconds > 0 ? new Date(1000 * seconds) : "Infinity",
  });
}

/**
 * Undefined for a cookie that is over, and for one that the format cannot hold: a tab in its path
 * would be read as another.
 */
function lineOf(cookie: Cookie, now: number): string | undefined {
  const { domain, hostOnly, path, secure, httpOnly, key, value } = cookie;
  const end = endOf(cookie, now);
  if (end <= now) return undefined;
  const words = [
    `${httpOnly ? HTTP_ONLY : ""}${hostOnly ? "" : "."}${domain}`,
    hostOnly ? "FALSE" : "TRUE",
    path ?? "/",
    secure ? "TRUE" : "FALSE",
    end === Infinity ? "0" : String(Math.floor(end / 1000)),
    key,
    value,
  ];
  return words.some((word) => /[\t\r\n]/.test(word)) ? undefined : words.join("\t");
}

/** When a cookie is over. RFC 6265, Section 5.3: Max-Age counts more than Expires. */
function endOf({ creation, expires, maxAge }: Cookie, now: number): number {
  if (typeof maxAge === "number") {
    return (creation instanceof Date ? creation.getTime() : now) + 1000 * maxAge;
  }
  if (maxAge === "-Infinity") return -Infinity;
  return expires instanceof Date ? expires.getTime() : Infinity;
}
