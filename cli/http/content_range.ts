// Reads the header field Content-Range.

/** Which part of a representation an answer carries. */
export interface ContentRange {
  /** Offset of the first byte; undefined if none of it comes, as with status 416. */
  readonly first: number | undefined;
  /** Offset of the last byte; undefined as well then. */
  readonly last: number | undefined;
  /** The size of all of it; undefined if the server does not know. */
  readonly size: number | undefined;
}

/**
 * Reads a Content-Range header (RFC 9110, Section 14.4).
 *
 * @param header The header's value.
 * @returns Undefined if it is missing, or says what cannot be.
 */
export function readContentRange(header: string | null): ContentRange | undefined {
  const [, first, last, size] = /^bytes\s+(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i
    .exec(header?.trim() ?? "") ?? [];
  if (size === undefined) return undefined;
  const whole = size === "*" ? undefined : Number(size);
  if (first === undefined) return { first: undefined, last: undefined, size: whole };
  const [from, to] = [Number(first), Number(last)];
  // RFC 9110, Section 14.4: a last position before the first, or not below the size, is invalid.
  const isPossible = from <= to && to < (whole ?? Infinity) && Number.isSafeInteger(to);
  return isPossible ? { first: from, last: to, size: whole } : undefined;
}
