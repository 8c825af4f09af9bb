// Dates in header fields (RFC 9110, Section 5.6.7).

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const days = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const longDays = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";
const month = `(?<month>${months.join("|")})`;
const time = "(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})";

/** The three forms of RFC 9110, Section 5.6.7; all of them are in GMT. */
const forms = [
  `(?:${days}), (?<day>[0-9]{2}) ${month} (?<year>[0-9]{4}) ${time} GMT`,
  `(?:${longDays}), (?<day>[0-9]{2})-${month}-(?<year>[0-9]{2}) ${time} GMT`,
  `(?:${days}) ${month} (?<day>[0-9]{2}| [0-9]) ${time} (?<year>[0-9]{4})`,
].map((form) => new RegExp(`^${form}$`));

/**
 * Reads a date of an HTTP field.
 *
 * @param text The field's value.
 * @param now The present time in milliseconds since 1970; a year of two digits is near it.
 * @returns Seconds since 1970, or undefined if the text is no date of HTTP.
 */
export function readHttpDate(text: string, now: number): number | undefined {
  for (const form of forms) {
    const groups = form.exec(text.trim())?.groups;
    if (groups) return secondsOf(groups, now);
  }
  return undefined;
}

function secondsOf(groups: Record<string, string>, now: number): number | undefined {
  const [day, hour, minute, second] = ["day", "hour", "minute", "second"]
    .map((name) => Number(groups[name])) as [number, number, number, number];
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(fullYear(groups["year"]!, now), months.indexOf(groups["month"]!), day);
  // The 31st of a month that has no such day would count as one of the next month.
  if (date.getUTCDate() !== day) return undefined;
  return date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
}

/** RFC 9110, Section 5.6.7: what seems more than 50 years ahead is in the past. */
function fullYear(digits: string, now: number): number {
  if (digits.length === 4) return Number(digits);
  const present = new Date(now).getUTCFullYear();
  const year = present - present % 100 + Number(digits);
  return year > present + 50 ? year - 100 : year;
}
