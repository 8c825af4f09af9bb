// The times of certificates (RFC 5280, Section 4.1.2.5).

import { DerError, type DerReader, Tag } from "./der.ts";

/**
 * Reads the next value, a Time (RFC 5280, Section 4.1.2.5): to the second, in Greenwich.
 *
 * @returns Milliseconds since 1970.
 */
export function readTime(reader: DerReader): number {
  const isShort = reader.tag === Tag.UtcTime;
  const content = reader.content(isShort ? Tag.UtcTime : Tag.GeneralizedTime);
  const text = String.fromCharCode(...content.subarray(0, 16));
  const digits = isShort ? 12 : 14;
  if (content.length !== digits + 1 || !/^[0-9]+Z$/.test(text)) {
    throw new DerError("a time is not well-formed");
  }
  const [second, minute, hour, day, month] = [2, 4, 6, 8, 10].map((back) =>
    Number(text.slice(digits - back, digits - back + 2))
  );
  const year = yearOf(Number(text.slice(0, digits - 10)), isShort);
  const date = new Date(0);
  date.setUTCFullYear(year, month! - 1, day);
  date.setUTCHours(hour!, minute, second);
  // What is no time, the 30th of February for instance, becomes another.
  const isReal = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day &&
    hour! < 24 && minute! < 60 && second! < 60;
  if (!isReal) throw new DerError("a time does not exist");
  return date.getTime();
}

/** RFC 5280, Section 4.1.2.5.1: two digits are of 1950 to 2049. */
function yearOf(number: number, isShort: boolean): number {
  if (!isShort) return number;
  return number < 50 ? 2000 + number : 1900 + number;
}
