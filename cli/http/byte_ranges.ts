// Reads the header field Range.

/** Part of a file, the last byte included. */
export interface ByteRange {
  /** Offset of the first byte. */
  readonly first: number;
  /** Offset of the last byte. */
  readonly last: number;
}

/** More ranges than this in one request are not honoured. */
const MOST_RANGES = 16;

/**
 * Reads a Range header.
 *
 * @param header The header's value.
 * @param size The size of the file.
 * @returns The ranges within the file, none if all lie beyond its end, or undefined if the whole
 * file is to be sent.
 */
export function readRanges(header: string, size: number): readonly ByteRange[] | undefined {
  const list = /^bytes\s*=(.*)$/i.exec(header.trim())?.[1];
  // An empty file has no range to give, but clients that ask for the first part want an answer.
  if (size === 0) return undefined;
  if (list === undefined) return undefined; // RFC 9110, Section 14.2: an unknown unit is ignored
  const specs = list.split(",", 2 * MOST_RANGES).map((spec) => spec.trim()).filter(Boolean);
  if (specs.length === 0 || specs.length > MOST_RANGES) return undefined;
  const ranges: ByteRange[] = [];
  let wanted = 0;
  for (const spec of specs) {
    const range = readRange(spec, size);
    if (range === undefined) return undefined;
    if (range.first > range.last) continue; // beyond the end
    wanted += range.last - range.first + 1;
    ranges.push(range);
  }
  // RFC 9110, Section 17.15: overlapping ranges must not make an answer larger than the file.
  return wanted > size ? undefined : ranges;
}

/** The value of Content-Range for a part of a file. */
export function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`;
}

/** A range whose first byte lies behind its last is empty. */
function readRange(spec: string, size: number): ByteRange | undefined {
  const [, from, to] = /^(\d*)\s*-\s*(\d*)$/.exec(spec) ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") return { first: Math.max(0, size - Number(to)), last: size - 1 };
  const first = Number(from);
  if (to !== "" && Number(to) < first) return undefined;
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  return first < size ? { first, last } : { first: size, last: size - 1 };
}
