// What the command get does with one URL: where the answer goes, and what is sent.

import { CurlCode } from "../console/curl_code.ts";
import { Failure, UsageError } from "../console/failure.ts";
import type { FlagValues } from "../flags/flags.ts";
import { expandGlob, fillGlob, type GlobMatch } from "./url_glob.ts";

/** One URL of the command line. */
export interface GetJob {
  /** The number of the URL on the command line, from 0; those of one pattern have the same. */
  readonly number: number;
  /** What to fetch, or where to upload to. */
  readonly url: URL;
  /** The name and password that stood in the URL, as "name:password". */
  readonly user: string | undefined;
  /** The file that the answer goes to; "-" or undefined for standard output. */
  readonly output: string | undefined;
  /** Whether the URL names the file. */
  readonly isNamedByUrl: boolean;
  /** The file to upload; "-" is standard input. */
  readonly upload: string | undefined;
}

/** Where files go: named by -o, or by the URL. */
type Place = { readonly path: string } | "remote";

/**
 * Goes through URLs and the flags that go with them: the first -o or -O is for the first URL, as the
 * first -T is.
 *
 * @param given What stood on the command line.
 * @param first The number of the first URL.
 * @throws {Failure} If a URL cannot be fetched, or has no file for it.
 */
export function readJobs(given: FlagValues, first = 0): readonly GetJob[] {
  const texts = [...ofFlag(given, "url"), ...given.rest];
  if (texts.length === 0) {
    throw new UsageError(
      "Cannot start without a URL: give one such as https://server.example/file, or see mpquic get -h",
    );
  }
  const places = given.order.flatMap(([name, value = ""]): Place[] =>
    name === "output" ? [{ path: value }] : name === "remote-name" ? ["remote"] : []
  );
  const uploads = ofFlag(given, "upload-file");
  if (places.length > texts.length || uploads.length > texts.length) {
    const [flag, count] = uploads.length > texts.length
      ? ["-T", uploads.length]
      : ["-o or -O", places.length];
    throw new UsageError(
      `Cannot use ${count} times ${flag} with ${texts.length} URL${
        texts.length === 1 ? "" : "s"
      }: give one for each URL at most`,
    );
  }
  const folder = ofFlag(given, "output-dir").at(-1);
  const usual = given.values["remote-name-all"] === true ? "remote" as const : undefined;
  const expand = given.values["globoff"] === true ? asItIs : expandGlob;
  return texts.flatMap((text, i) => {
    const number = first + i;
    const place = places[i] ?? usual;
    const upload = uploads[i];
    const files = upload === undefined ? [undefined] : expand(upload).map(({ text }) => text);
    const matches = expand(text).map(({ text, parts }) => ({ ...readUrl(text), parts }));
    return files.flatMap((upload) =>
      matches.map(({ url, user, parts }): GetJob => {
        const target = upload === undefined ? url : uploadUrl(url, upload);
        const output = outputOf(place, url, folder, parts);
        return { number, url: target, user, output, isNamedByUrl: place === "remote", upload };
      })
    );
  });
}

function asItIs(text: string): readonly GlobMatch[] {
  return [{ text, parts: [] }];
}

function ofFlag({ order }: FlagValues, wanted: string): string[] {
  return order.flatMap(([name, value = ""]) => name === wanted ? [value] : []);
}

function readUrl(text: string): { url: URL; user: string | undefined } {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`;
  const url = URL.parse(full);
  if (url === null || url.hostname === "") {
    throw new Failure(
      `Cannot fetch "${text}": give a URL such as https://server.example/file`,
      3,
    );
  }
  if (url.protocol !== "https:") {
    throw new Failure(`Cannot fetch "${text}": give a URL that begins with https://`, 1);
  }
  const { username, password } = url;
  const user = username || password
    ? `${decodedPart(username)}:${decodedPart(password)}`
    : undefined;
  url.username = url.password = "";
  return { url, user };
}

/** A part of a URL without percent-encoding; one that cannot be decoded stays as it is. */
function decodedPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As with curl, a URL that ends with a slash gets the name of the file. */
function uploadUrl(url: URL, file: string): URL {
  if (!url.pathname.endsWith("/") || file === "-" || file === ".") return url;
  const name = file.slice(Math.max(file.lastIndexOf("/"), file.lastIndexOf("\\")) + 1);
  const full = new URL(url);
  full.pathname += encodeURIComponent(name);
  return full;
}

function outputOf(
  place: Place | undefined,
  url: URL,
  folder: string | undefined,
  parts: readonly string[],
): string | undefined {
  if (place === undefined) return undefined;
  if (place !== "remote" && place.path === "-") return "-";
  const name = place === "remote" ? remoteName(url) : fillGlob(place.path, parts);
  if (name === "") throw new UsageError('Cannot use "" for -o: give the name of a file, or "-"');
  const isAbsolute = /^(?:[/\\]|[a-z]:)/i.test(name);
  return folder === undefined || isAbsolute ? name : `${folder.replace(/[/\\]$/, "")}/${name}`;
}

/**
 * The name that a URL ends with.
 *
 * @param url The URL.
 * @throws {Failure} If it ends with a slash.
 */
export function remoteName(url: URL): string {
  const name = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
  if (name !== "" && !name.includes("\\")) return name;
  throw new Failure(
    `Cannot name a file for ${url.href}: its path ends without a name; give one with -o FILE`,
    CurlCode.Write,
  );
}
