import assert from "node:assert/strict";
import { readLooseDate } from "../../cli/http/loose_date.ts";

const iso = (text: string) => {
  const seconds = readLooseDate(text);
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().slice(0, 19);
};

Deno.test("readLooseDate() reads dates as people and programs write them", () => {
  for (
    const text of [
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
      "Nov 6 08:49:37 1994",
      "1994 November 6 08:49:37",
      "06 Nov 1994 08:49:37 UTC",
      "1994.Nov.6 08:49:37",
      "19941106 08:49:37",
      "Sun, 06 Nov 1994 09:49:37 +0100",
      "Sun, 06 Nov 1994 03:19:37 -0530",
      "06 Nov 1994 03:49:37 EST",
      "06 Nov 1994 09:49:37 cet",
    ]
  ) assert.equal(iso(text), "1994-11-06T08:49:37", text);
  assert.equal(iso("6 nov 94"), "1994-11-06T00:00:00");
  assert.equal(iso("Nov 6 2070 8:49"), "2070-11-06T08:49:00");
  assert.equal(iso("6 Nov 70"), "2070-11-06T00:00:00");
  assert.equal(iso("19941106 +0200"), "1994-11-05T22:00:00");
  assert.equal(iso("29 Feb 2024"), "2024-02-29T00:00:00");
});

Deno.test("readLooseDate() takes nothing else for a date", () => {
  for (
    const text of [
      ...["", "now", "file.txt", "1994", "6 Nov", "Nov 1994", "6 7 Nov 1994", "6 Nov Dec 1994"],
      ...[
        "29 Feb 2023",
        "32 Jan 2024",
        "6 Nov 1994 24:00",
        "6 Nov 1994 1:2",
        "19941306",
        "1994-11-06",
      ],
      ...["6 Nov 1994 08:49 09:00", "Sun Mon 6 Nov 1994", "6 Nov 1994 XYZ", "6 Nov 12345"],
    ]
  ) assert.equal(iso(text), undefined, text);
});
