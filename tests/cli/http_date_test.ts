import assert from "node:assert/strict";
import { readHttpDate } from "../../cli/http/http_date.ts";

const now = Date.UTC(2026, 10, 29);
const expected = Date.UTC(1994, 10, 6, 8, 49, 37) / 1000;

Deno.test("readHttpDate() reads the three forms of RFC 9110, in GMT", () => {
  assert.equal(readHttpDate("Sun, 06 Nov 1994 08:49:37 GMT", now), expected);
  assert.equal(readHttpDate("Sunday, 06-Nov-94 08:49:37 GMT", now), expected);
  assert.equal(readHttpDate("Sun Nov  6 08:49:37 1994", now), expected);
  assert.equal(readHttpDate("Sun Nov 16 08:49:37 1994", now), expected + 10 * 86_400);
});

Deno.test("readHttpDate() takes a year of two digits for one near the present", () => {
  const year = (digits: string) =>
    new Date(1000 * readHttpDate(`Sunday, 06-Nov-${digits} 08:49:37 GMT`, now)!).getUTCFullYear();
  assert.deepEqual(["76", "77", "99", "00", "26"].map(year), [2076, 1977, 1999, 2000, 2026]);
});

Deno.test("readHttpDate() refuses everything else", () => {
  const wrong = [
    "",
    "0",
    "2020",
    "yesterday",
    "1994-11-06T08:49:37Z",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 +0100",
    "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 nov 1994 08:49:37 GMT",
    "06 Nov 1994 08:49:37 GMT",
    "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:37 GMT",
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
  ];
  for (const text of wrong) assert.equal(readHttpDate(text, now), undefined, text);
});
