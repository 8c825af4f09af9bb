import assert from "node:assert/strict";
import { pageFiles } from "../../src/live/page/files.ts";
import { bytesText, clockText, countText, rateText, timeText } from "../../src/live/page/format.js";
import { Series, stacked } from "../../src/live/page/series.js";

/** A sample of paths whose counters are given. */
function sample(time: number, ...paths: [id: number, received: number, lost?: number][]) {
  return [
    time,
    ...paths.map(([id, received, lost = 0]) => [id, received, received / 10, 20, 9, 3, lost]),
    // deno-lint-ignore no-explicit-any -- a tuple with a rest is not inferred
  ] as any;
}

Deno.test("The page loads its own files only, and has no script or style in its text", () => {
  const page = pageFiles.get("")!.text;
  const targets = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target!);
  assert.deepEqual(targets.filter((target) => !pageFiles.has(target)), []);
  assert.ok(targets.length === 5, targets.join());
  assert.doesNotMatch(page, /<script[^>]*>[^<]|<style| style=| on\w+=/);
  for (const [name, { text }] of pageFiles) {
    const own = name.startsWith("uplot") || name.endsWith(".svg") ? "" : text;
    assert.doesNotMatch(own, /https?:|@import|url\(/, name);
    const imported = [...own.matchAll(/from "\.\/([^"]+)"/g)].map(([, file]) => file!);
    assert.deepEqual(imported.filter((file) => !pageFiles.has(file)), [], name);
  }
});

Deno.test("Texts reach the page as text, never as HTML or code [attack live-view-texts]", () => {
  for (const [name, { type, text }] of pageFiles) {
    if (!type.startsWith("text/javascript")) continue;
    assert.doesNotMatch(
      text,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/,
      name,
    );
  }
});

Deno.test("Rates are taken over a second, so that single looks do not make them jump", () => {
  const series = new Series(300_000);
  for (let i = 0; i <= 8; i++) {
    // Twice as much in every second look.
    series.add([sample(i * 250, [0, i * 1_000 + (i % 2) * 500])]);
  }
  const { times, paths: [path] } = series.columns(0);
  assert.deepEqual(times, [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]);
  assert.deepEqual(path!.received.slice(4), [4_000, 4_000, 4_000, 4_000, 4_000]);
  assert.deepEqual(path!.sent.slice(4), [400, 400, 400, 400, 400]);
});

Deno.test("A path that opens has all its bytes since then; one that is gone has none", () => {
  const series = new Series(300_000);
  series.add([sample(0, [0, 0]), sample(1_000, [0, 500], [1, 700]), sample(2_000, [0, 1_000])]);
  const { paths } = series.columns(0);
  assert.deepEqual(paths.map(({ id, received }) => [id, ...received]), [[0, 0, 500, 500], [
    1,
    0,
    700,
    0,
  ]]);
  assert.deepEqual(paths[1]!.rtt, [null, 20, null], "lines have gaps there");
});

Deno.test("Only what is asked for is plotted, and the oldest is forgotten", () => {
  const series = new Series(10_000);
  for (let i = 0; i < 100; i++) series.add([sample(i * 1_000, [0, i * 100, i])]);
  assert.deepEqual([series.begin, series.end], [89_000, 99_000]);
  const { times, paths: [path] } = series.columns(97_000);
  assert.deepEqual(times, [97, 98, 99]);
  assert.deepEqual(path!.received, [100, 100, 100], "from samples before what is shown");
  assert.deepEqual(path!.lost, [1, 1, 1]);
  series.clear();
  assert.deepEqual(series.columns(0), { times: [], paths: [] });
});

Deno.test("Columns are stacked", () => {
  assert.deepEqual(stacked([[1, 2], [10, 20], [100, 200]]), [[1, 2], [11, 22], [111, 222]]);
  assert.deepEqual(stacked([]), []);
});

Deno.test("Numbers are written as people read them", () => {
  assert.deepEqual([0, 10, 2_500_000, 124_875_000_000].map(rateText), [
    "0 bit/s",
    "80 bit/s",
    "20.0 Mbit/s",
    "999 Gbit/s",
  ]);
  assert.deepEqual([0, 999, 1_234, 999_600, 5.5e9].map(bytesText), [
    "0 B",
    "999 B",
    "1.23 kB",
    "1.00 MB",
    "5.50 GB",
  ]);
  assert.deepEqual([null, 0.456, 12.34, 123.4, 12_345].map(timeText), [
    "–",
    "0.46 ms",
    "12.3 ms",
    "123 ms",
    "12.3 s",
  ]);
  assert.deepEqual([7, 1_234_567].map(countText), ["7", "1\u202f234\u202f567"]);
  assert.match(clockText(1_700_000_000_250), /^\d\d:\d\d:20\.2$/);
});
