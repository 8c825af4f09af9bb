// Dates as people write them, in any order, as curl reads them.

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const longMonths = "january february march april may june july august september october november "
  .concat("december").split(" ");
const weekdays = "sun mon tue wed thu fri sat".split(" ");
const longWeekdays = "sunday monday tuesday wednesday thursday friday saturday".split(" ");

/** Minutes by which clocks of a zone are behind those of GMT. */
const zones: Readonly<Record<string, number>> = {
  gmt: 0,
  utc: 0,
  z: 0,
  wet: 0,
  bst: -60,
  ast: 240,
  adt: 180,
  est: 300,
  edt: 240,
  cst: 360,
  cdt: 300,
  mst: 420,
  mdt: 360,
  pst: 480,
  pdt: 420,
  cet: -60,
  cest: -120,
  met: -60,
  mez: -60,
  mest: -120,
  mesz: -120,
  eet: -120,
  jst: -540,
  nzst: -720,
  nzdt: -780,
};

/** What has been found of a date so far. */
interface Found {
  day?: number;
  /** From 0. */
  month?: number;
  year?: number;
  /** Seconds since midnight. */
  time?: number;
  /** Minutes to be added to reach GMT. */
  zone?: number;
  hasWeekday?: boolean;
}

/**
 * Reads a date that has a day, a month by name and a year in any order, or eight digits; a time and a
 * zone may follow, otherwise it is midnight in GMT.
 *
 * @param text The text, such as "Sun, 06 Nov 1994 08:49:37 GMT", "Nov 6 1994" or "19941106 +0100".
 * @returns Seconds since 1970, or undefined if it is no date.
 */
export function readLooseDate(text: string): number | undefined {
  const found: Found = {};
  const words = text.matchAll(/\d+:\d\d(?::\d\d)?|(?<![a-z\d])[+-]\d{4}(?!\d)|\d+|[a-z]+/gi);
  for (const [word] of words) if (!take(word.toLowerCase(), found)) return undefined;
  const { day, month, year, time = 0, zone = 0 } = found;
  if (day === undefined || month === undefined || year === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  // The 31st of a month that has no such day would count as one of the next month.
  if (date.getUTCDate() !== day || date.getUTCMonth() !== month) return undefined;
  return date.getTime() / 1000 + time + 60 * zone;
}

/** Takes a word for what it can be; false if it can be nothing that is missing still. */
function take(word: string, found: Found): boolean {
  if (/^[a-z]/.test(word)) return takeName(word, found);
  if (word.includes(":")) return takeTime(word, found);
  const value = Number(word);
  if (/^[+-]/.test(word) && found.zone === undefined && Math.abs(value) <= 1400) {
    const minutes = Math.floor(Math.abs(value) / 100) * 60 + Math.abs(value) % 100;
    found.zone = value < 0 ? minutes : -minutes;
    return true;
  }
  return takeNumber(word.replace(/^[+-]/, ""), found);
}

function takeName(word: string, found: Found): boolean {
  const indexIn = (...lists: readonly string[][]) =>
    Math.max(...lists.map((names) => names.indexOf(word)));
  const month = indexIn(months, longMonths);
  if (month >= 0 && found.month === undefined) found.month = month;
  else if (indexIn(weekdays, longWeekdays) >= 0 && !found.hasWeekday) found.hasWeekday = true;
  else if (Object.hasOwn(zones, word) && found.zone === undefined) found.zone = zones[word]!;
  else return false;
  return true;
}

function takeTime(word: string, found: Found): boolean {
  const [hour, minute, second = 0] = word.split(":").map(Number) as [number, number, number?];
  if (found.time !== undefined || hour > 23 || minute > 59 || second > 60) return false;
  found.time = 3600 * hour + 60 * minute + second;
  return true;
}

function takeNumber(digits: string, found: Found): boolean {
  const value = Number(digits);
  const isBare = found.day === undefined && found.month === undefined && found.year === undefined;
  if (digits.length === 8 && isBare) {
    found.year = Math.floor(value / 10_000);
    found.month = Math.floor(value / 100) % 100 - 1;
    found.day = value % 100;
    return found.month >= 0 && found.month < 12;
  }
  if (found.day === undefined && value > 0 && value < 32) found.day = value;
  else if (found.year === undefined && value < 10_000) found.year = fullYear(digits);
  else return false;
  return true;
}

/** Two digits are a year from 1971 to 2070. */
function fullYear(digits: string): number {
  const value = Number(digits);
  if (value >= 100) return value;
  return value > 70 ? 1900 + value : 2000 + value;
}
