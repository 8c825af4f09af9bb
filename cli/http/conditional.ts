// Conditional requests (RFC 9110, Section 13).

import { readHttpDate } from "./http_date.ts";

/** What distinguishes one version of a file from the next. */
export interface Validators {
  /** An entity tag, quotes included; a weak one in the second in which the file was changed. */
  readonly etag: string;
  /**
   * The second in which the file was last changed, since 1970; `Infinity` as long as that second
   * lasts, since the file can change again in it without a sign. Undefined if the file system does
   * not tell.
   */
  readonly modified: number | undefined;
}

/**
 * The validators of a file.
 *
 * RFC 9110, Section 8.8.2.2: a date is as strong as a tag if the file did not change twice in the
 * second that the date names. A client that gets the date when that second is over has the last
 * version of it. The tag also has the time of the last change of the file's description, which
 * programs cannot set: a copy of the same length can be given the date of the original.
 *
 * @param info What the file system says about it.
 * @param now The present time in milliseconds since 1970.
 */
export function validatorsOf(
  info: Pick<Deno.FileInfo, "size" | "mtime" | "ctime">,
  now: number = Date.now(),
): Validators {
  const stamp = info.mtime ? `-${info.mtime.getTime().toString(16)}` : "";
  const second = info.mtime ? toSeconds(info.mtime.getTime()) : undefined;
  const present = toSeconds(now);
  const change = info.ctime ? `-${info.ctime.getTime().toString(16)}` : "";
  const tag = `"${info.size.toString(16)}${stamp}${change}"`;
  return {
    // Many file systems count time in steps, and two changes can fall into one.
    etag: second === present ? `W/${tag}` : tag,
    modified: second === undefined || second < present ? second : Infinity,
  };
}

/**
 * Decides what the conditions of a request lead to, in the order of RFC 9110, Section 13.2.2.
 *
 * @param request The request.
 * @param validators Those of the file as it is now.
 * @returns The status: 200 means go on, else 412 or, for GET and HEAD, 304.
 */
export function evaluateConditions(
  { method, headers }: Pick<Request, "method" | "headers">,
  validators: Validators,
): 200 | 304 | 412 {
  const isReading = method === "GET" || method === "HEAD";
  const match = headers.get("if-match");
  if (match !== null) {
    if (!listsTag(match, validators.etag, "strong")) return 412;
  } else {
    const until = readDate(headers.get("if-unmodified-since"));
    const isKnown = until !== undefined && validators.modified !== undefined;
    if (isKnown && validators.modified > until) return 412;
  }
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== null) {
    if (!listsTag(noneMatch, validators.etag, "weak")) return 200;
    return isReading ? 304 : 412;
  }
  // RFC 9110, Section 13.1.3: with other methods than these, the date is ignored.
  if (!isReading) return 200;
  const since = readDate(headers.get("if-modified-since"));
  const known = since !== undefined && validators.modified !== undefined;
  return known && validators.modified <= since ? 304 : 200;
}

/**
 * Whether a Range header counts: If-Range holds it back once the file has changed.
 *
 * @param headers The headers of the request.
 * @param validators Those of the file as it is now.
 */
export function rangeApplies(headers: Headers, validators: Validators): boolean {
  const condition = headers.get("if-range")?.trim();
  if (!condition) return true;
  // RFC 9110, Section 13.1.5: strong comparison; a date must be exactly the one we sent.
  const { etag } = validators;
  if (/^(?:W\/)?"/.test(condition)) return condition === etag && !isWeak(etag);
  return validators.modified !== undefined && readDate(condition) === validators.modified;
}

function listsTag(list: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (list.trim() === "*") return true;
  const tags: readonly string[] = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (comparison === "strong") return !isWeak(etag) && tags.includes(etag);
  return tags.some((tag) => opaquePart(tag) === opaquePart(etag));
}

function isWeak(etag: string): boolean {
  return etag.startsWith("W/");
}

function opaquePart(etag: string): string {
  return etag.replace(/^W\//, "");
}

/** RFC 9110, Section 13.1.3: a field that holds no date is ignored. */
function readDate(header: string | null): number | undefined {
  return header === null ? undefined : readHttpDate(header, Date.now());
}

/** Dates in headers have no fractions of a second. */
function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
