// Answers requests with the files of a folder.

import { type ByteRange, contentRange, readRanges } from "../http/byte_ranges.ts";
import {
  evaluateConditions,
  rangeApplies,
  type Validators,
  validatorsOf,
} from "../http/conditional.ts";
import { contentType } from "../http/content_type.ts";
import { type ListingEntry, listingFrame, listingRows } from "./directory_listing.ts";
import { jsonListing, prefersJson } from "./json_listing.ts";
import { FolderListings, type Listing } from "./folder_listings.ts";
import { type FileBody, multipleParts, singlePart, streamPieces } from "./file_body.ts";
import { isOutOfFiles, OpenFiles } from "./open_files.ts";
import type { Visitor } from "./visitor.ts";
import { SiteRoot } from "./site_root.ts";
import { isHiddenPath, joinUrlPath, splitUrlPath } from "../http/url_path.ts";

const separator = Deno.build.os === "windows" ? "\\" : "/";

/** What is shown of a folder. */
export interface SiteOptions {
  /**
   * Whether folders without an index.html show what is in them.
   *
   * @default {true}
   */
  readonly listing?: boolean;
  /**
   * Whether files and folders are served whose names begin with a dot.
   *
   * @default {false}
   */
  readonly dotfiles?: boolean;
}

/** Answers requests with files. */
export type FileHandler = (request: Request, visitor?: Visitor) => Promise<Response>;

/**
 * Makes a handler that serves the files of a folder, and nothing outside of it: no links that lead
 * out, and no names that begin with a dot unless they are wanted.
 *
 * @param root The folder, or a link to it, which may come to lead elsewhere; it has to exist.
 * @param options What is shown.
 * @param files Opens them; folders of one process share it.
 */
export async function staticFiles(
  root: string,
  options: SiteOptions = {},
  files = new OpenFiles(),
): Promise<FileHandler> {
  const { listing = true, dotfiles = false } = options;
  await Deno.realPath(root);
  const [listings, jsonListings] = [listingRows, jsonListing].map((rows) =>
    new FolderListings(rows)
  ) as [FolderListings, FolderListings];
  const site = { root: new SiteRoot(root), listing, dotfiles, listings, jsonListings, files };
  return async (request, visitor) => {
    const answered = await answer(site, request, visitor?.signal).catch(failure);
    // RFC 9110, Section 9.3.2: HEAD has the headers of GET, and no body ever.
    const response = request.method === "HEAD" ? new Response(null, answered) : answered;
    response.headers.set("x-content-type-options", "nosniff");
    return response;
  };
}

/** A folder that is served. */
interface Site extends Required<SiteOptions> {
  readonly root: SiteRoot;
  readonly listings: FolderListings;
  readonly jsonListings: FolderListings;
  readonly files: OpenFiles;
}

/** A file or folder that may be shown. */
interface Found {
  /** Where it is, links followed: a link that changes meanwhile leads nowhere else. */
  readonly path: string;
  /** The names that lead there from the root, links followed. */
  readonly below: readonly string[];
  /** Its name as it was asked for. */
  readonly name: string;
  readonly info: Deno.FileInfo;
}

async function answer(
  site: Site,
  request: Request,
  signal: AbortSignal | undefined,
): Promise<Response> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain(405, "Only GET and HEAD are possible here.", { allow: "GET, HEAD" });
  }
  const url = new URL(request.url);
  const names = splitUrlPath(url.pathname);
  if (names === undefined) return plain(400, "This path cannot name a file.");
  if (isHiddenPath(names, site.dotfiles)) return notFound();
  const found = await find(site, [site.root.path, ...names].join("/"));
  if (found === undefined) return plain(403, "This link leads to where nothing is served.");
  if (found.info.isDirectory) {
    return await answerDirectory(site, request, url, names, found, signal);
  }
  // A name with a slash behind it names a folder; devices and pipes are not served.
  if (!found.info.isFile || url.pathname.endsWith("/")) return notFound();
  return await answerFile(site, request, found);
}

/**
 * Follows links, and returns undefined if they lead out of the root or to a hidden file.
 */
async function find({ root, dotfiles }: Site, path: string): Promise<Found | undefined> {
  const real = await Deno.realPath(path);
  const folder = await root.folderOf(real, separator);
  if (folder === undefined) return undefined;
  const below = real.slice(folder.length).split(separator).filter((name) => name !== "");
  if (isHiddenPath(below, dotfiles)) return undefined;
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { path: real, below, name, info: await Deno.stat(real) };
}

async function answerDirectory(
  site: Site,
  request: Request,
  url: URL,
  names: readonly string[],
  directory: Found,
  given: AbortSignal | undefined,
): Promise<Response> {
  if (!url.pathname.endsWith("/")) {
    // Built from the names, so that "//other.example" cannot become a redirect to that host.
    const location = `${joinUrlPath(names)}/${url.search}`;
    return plain(301, "This is a folder.", { location });
  }
  const lookUp = (entry: Deno.DirEntry) => entryOf(site, directory, entry);
  if (site.listing && prefersJson(request.headers.get("accept"))) {
    const signal = given ?? request.signal;
    return asJson(await site.jsonListings.get(directory.path, lookUp, signal));
  }
  const index = await find(site, `${directory.path}/index.html`).catch(ignoreMissing);
  if (index?.info.isFile) {
    const response = await answerFile(site, request, index);
    // RFC 9110, Section 12.5.5: clients that take JSON get the listing instead.
    if (site.listing) response.headers.set("vary", "accept");
    return response;
  }
  if (!site.listing) return notFound();
  const signal = given ?? request.signal;
  const { rows, count, hasMore } = await site.listings.get(directory.path, lookUp, signal);
  const frame = listingFrame(names, count, hasMore).map((text) => new TextEncoder().encode(text));
  const pieces = [frame[0]!, rows, frame[1]!];
  return new Response(streamPieces(undefined, pieces), {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-length": String(pieces.reduce((sum, { length }) => sum + length, 0)),
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "cache-control": "no-cache",
      vary: "accept",
    },
  });
}

function asJson({ rows, hasMore }: Listing): Response {
  return new Response(streamPieces(undefined, [rows]), {
    headers: {
      "content-type": "application/json",
      "content-length": String(rows.length),
      "cache-control": "no-cache",
      vary: "accept",
      ...hasMore && { "x-listing": "truncated" },
    },
  });
}

/** What is shown of an entry of a folder; undefined if it is not. */
async function entryOf(
  site: Site,
  { path, below }: Found,
  { name, isSymlink }: Deno.DirEntry,
): Promise<ListingEntry | undefined> {
  if (isHiddenPath([...below, name], site.dotfiles)) return undefined;
  const info = isSymlink
    ? (await find(site, `${path}/${name}`).catch(() => undefined))?.info // a dangling link
    : await Deno.lstat(`${path}/${name}`).catch(() => undefined); // gone by now
  if (!info || !(info.isFile || info.isDirectory)) return undefined;
  const { isDirectory, size, mtime } = info;
  return { name, isDirectory, size, modified: mtime ?? undefined };
}

async function answerFile(site: Site, request: Request, found: Found): Promise<Response> {
  const file = await site.files.open(found.path);
  let isStreaming = false;
  try {
    const refusal = refuseFile(request, file.info);
    if (refusal) return refusal;
    const { status, headers, body } = describeFile(request, found.name, file.info);
    isStreaming = request.method === "GET";
    return new Response(isStreaming ? streamPieces(file, body.pieces) : null, { status, headers });
  } finally {
    if (!isStreaming) file.close();
  }
}

/** The answers that are not the file, or a part of it. */
function refuseFile(request: Request, info: Deno.FileInfo): Response | undefined {
  const validators = validatorsOf(info);
  const condition = evaluateConditions(request, validators);
  if (condition === 304) {
    return new Response(null, { status: 304, headers: validatorHeaders(validators) });
  }
  if (condition === 412) return plain(412, "The file is no longer the one you mean.");
  if (wantedRanges(request, validators, info.size)?.length !== 0) return undefined;
  return plain(416, "The file is shorter.", { "content-range": `bytes */${info.size}` });
}

function describeFile(
  request: Request,
  name: string,
  info: Deno.FileInfo,
): { status: number; headers: Record<string, string>; body: FileBody } {
  const validators = validatorsOf(info);
  const ranges = wantedRanges(request, validators, info.size);
  const body = describeBody(ranges, info.size, contentType(name));
  const headers = {
    ...validatorHeaders(validators),
    "content-type": body.type,
    "content-length": String(body.length),
  };
  if (ranges?.length !== 1) return { status: ranges ? 206 : 200, headers, body };
  const range = { "content-range": contentRange(ranges[0]!, info.size) };
  return { status: 206, headers: { ...headers, ...range }, body };
}

function describeBody(
  ranges: readonly ByteRange[] | undefined,
  size: number,
  type: string,
): FileBody {
  if (ranges === undefined) return singlePart({ first: 0, last: size - 1 }, type);
  if (ranges.length === 1) return singlePart(ranges[0]!, type);
  return multipleParts(ranges, size, type);
}

function wantedRanges(
  request: Request,
  validators: Validators,
  size: number,
): readonly ByteRange[] | undefined {
  const header = request.headers.get("range");
  // RFC 9110, Section 14.2: a range has no meaning for HEAD.
  if (header === null || request.method !== "GET") return undefined;
  return rangeApplies(request.headers, validators) ? readRanges(header, size) : undefined;
}

function validatorHeaders(validators: Validators): Record<string, string> {
  const headers: Record<string, string> = {
    etag: validators.etag,
    "accept-ranges": "bytes",
    "cache-control": "no-cache", // keep it, but ask each time: the tag makes that cheap
  };
  if (validators.modified !== undefined && validators.modified < Infinity) {
    headers["last-modified"] = new Date(1000 * validators.modified).toUTCString();
  }
  return headers;
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  return new Response(`${text}\n`, {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  });
}

function notFound(): Response {
  return plain(404, "There is no such file.");
}

function ignoreMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function failure(error: unknown): Response {
  if (isMissing(error)) return notFound();
  // RFC 9110, Section 15.6.4: it will pass.
  if (isOutOfFiles(error)) {
    return plain(503, "Too many files are open here now; try again.", { "retry-after": "1" });
  }
  const denied = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
  return denied ? plain(403, "This file may not be read.") : plain(500, "The file cannot be read.");
}

function isMissing(error: unknown): boolean {
  if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
    return true;
  }
  // A link that points to itself, or a name longer than the file system knows.
  return error instanceof Deno.errors.FilesystemLoop ||
    (error instanceof Error && /ENAMETOOLONG|os error 36/.test(error.message));
}
