/** What distinguishes one version of a file from the next. */
export interface Validators {
  /** A strong entity tag, quotes included. */
  readonly etag: string;
  /** When the file was last changed, if the file system tells. */
  readonly modified: Date | undefined;
}

/**
 * The validators of a file.
 *
 * @param info What the file system says about it.
 */
export function validatorsOf(info: Pick<Deno.FileInfo, "size" | "mtime">): Validators {
  const stamp = info.mtime ? `-${info.mtime.getTime().toString(16)}` : "";
  return { etag: `"${info.size.toString(16)}${stamp}"`, modified: info.mtime ?? undefined };
}

/**
 * Decides what the conditions of a GET or HEAD request lead to, in the order of RFC 9110,
 * Section 13.2.2.
 *
 * @param headers The headers of the request.
 * @param validators Those of the file as it is now.
 * @returns The status: 200 means go on, else 304 or 412.
 */
export function evaluateConditions(headers: Headers, validators: Validators): 200 | 304 | 412 {
  const match = headers.get("if-match");
  if (match !== null) {
    if (!listsTag(match, validators.etag, "strong")) return 412;
  } else if (isNewer(validators, headers.get("if-unmodified-since"))) {
    return 412;
  }
  const noneMatch = headers.get("if-none-match");
  if (noneMatch !== null) return listsTag(noneMatch, validators.etag, "weak") ? 304 : 200;
  const since = parseDate(headers.get("if-modified-since"));
  const known = since !== undefined && validators.modified !== undefined;
  return known && !isNewer(validators, headers.get("if-modified-since")) ? 304 : 200;
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
  if (/^(?:W\/)?"/.test(condition)) return condition === validators.etag;
  const date = parseDate(condition);
  return date !== undefined && validators.modified !== undefined &&
    toSeconds(validators.modified) === toSeconds(date);
}

function listsTag(list: string, etag: string, comparison: "strong" | "weak"): boolean {
  if (list.trim() === "*") return true;
  const tags = list.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === etag || (comparison === "weak" && tag === `W/${etag}`));
}

function isNewer(validators: Validators, header: string | null): boolean {
  const date = parseDate(header);
  if (date === undefined || validators.modified === undefined) return false;
  return toSeconds(validators.modified) > toSeconds(date);
}

function parseDate(header: string | null): Date | undefined {
  const time = header === null ? NaN : Date.parse(header);
  return Number.isNaN(time) ? undefined : new Date(time);
}

/** Dates in headers have no fractions of a second. */
function toSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
