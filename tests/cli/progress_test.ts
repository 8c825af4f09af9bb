import assert from "node:assert/strict";
import {
  plainLine,
  type Progress,
  progressLines,
  summaryLines,
} from "../../cli/client/progress.ts";

const before: Progress = {
  elapsed: 1000,
  bytes: 1_000_000,
  expected: 100_000_000,
  paths: [path(0, 600_000, 20.04), path(1, 400_000, NaN)],
};
const now: Progress = {
  elapsed: 2000,
  bytes: 3_500_000,
  expected: 100_000_000,
  paths: [path(0, 1_850_000, 20.04), path(1, 1_850_000, 150)],
};

function path(id: number, received: number, rtt: number): Progress["paths"][number] {
  const local = `127.0.0.${id + 1}:5000${id}`;
  return { id, local, remote: "127.0.0.1:6121", state: "open", rtt, received };
}

Deno.test("progressLines() shows the whole and a row per path, rates since the earlier state", () => {
  assert.deepEqual(progressLines(now, before, 120), [
    "3.5 MB of 100.0 MB (3 %)  20.0 Mbit/s  2.0 s  39 s left",
    "path  from -> to                              RTT         rate   bytes  share  state",
    "0     127.0.0.1:50000 -> 127.0.0.1:6121   20.0 ms  10.0 Mbit/s  1.9 MB   50 %  open",
    "1     127.0.0.2:50001 -> 127.0.0.1:6121  150.0 ms  11.6 Mbit/s  1.9 MB   50 %  open",
  ]);
});

/** Paths whose addresses are as long as they get. */
const long: Progress = {
  elapsed: 100_000,
  bytes: 2_000_000_000,
  expected: 100_000_000_000,
  paths: [
    {
      id: 0,
      local: "192.168.100.200:50000",
      remote: "203.0.113.200:50443",
      state: "suspect",
      rtt: 1_150.5,
      received: 700_000_000,
    },
    {
      id: 11,
      local: "[2001:db8:1234:5678:9abc:def0:1234:5678]:50001",
      remote: "[2001:db8:1234:5678:9abc:def0:1234:9999]:50443",
      state: "open",
      rtt: 20,
      received: 1_300_000_000,
    },
  ],
};

Deno.test("progressLines() keeps its columns where there is little room", () => {
  assert.deepEqual(progressLines(now, before, 80), [
    "3.5 MB of 100.0 MB (3 %)  20.0 Mbit/s  2.0 s  39 s left",
    "path  from -> to                   RTT         rate   bytes  share  state",
    "0     127.0.0.1 -> 127.0.0.1   20.0 ms  10.0 Mbit/s  1.9 MB   50 %  open",
    "1     127.0.0.2 -> 127.0.0.1  150.0 ms  11.6 Mbit/s  1.9 MB   50 %  open",
  ]);
  assert.deepEqual(progressLines(long, undefined, 80), [
    "2.0 GB of 100.0 GB (2 %)  160.0 Mbit/s  100.0 s  1 h 21 min left",
    "path  from                          RTT          rate     bytes  share  state",
    "0     192.168.100.200         1150.5 ms   56.0 Mbit/s  700.0 MB   35 %  suspect",
    "11    2001:db8:1..:1234:5678    20.0 ms  104.0 Mbit/s    1.3 GB   65 %  open",
  ]);
  assert.deepEqual(progressLines(long, undefined, 40), [
    "2 %  160.0 Mbit/s  1 h 21 min left",
    "0   192.168.100.200  suspect  1150.5 ms",
    "     56.0 Mbit/s  700.0 MB  35 %",
    "11  2001:db..4:5678  open       20.0 ms",
    "    104.0 Mbit/s    1.3 GB  65 %",
  ]);
  const named = {
    ...long,
    paths: long.paths.map((path, i) => ({ ...path, over: ["wlan0", "usb0"][i] })),
  };
  assert.deepEqual(progressLines(named, undefined, 80), [
    "2.0 GB of 100.0 GB (2 %)  160.0 Mbit/s  100.0 s  1 h 21 min left",
    "path  over         RTT          rate     bytes  share  state",
    "0     wlan0  1150.5 ms   56.0 Mbit/s  700.0 MB   35 %  suspect",
    "11    usb0     20.0 ms  104.0 Mbit/s    1.3 GB   65 %  open",
  ]);
  assert.deepEqual(progressLines(named, undefined, 40), [
    "2 %  160.0 Mbit/s  1 h 21 min left",
    "0   wlan0  suspect  1150.5 ms",
    "     56.0 Mbit/s  700.0 MB  35 %",
    "11  usb0   open       20.0 ms",
    "    104.0 Mbit/s    1.3 GB  65 %",
  ]);
});

Deno.test("progressLines() loses columns one after the other, never a part of one", () => {
  const widest = progressLines(long, undefined, 200)[1]!.split(/ {2,}/);
  let before = widest;
  for (let width = 200; width >= 20; width--) {
    const [, head, ...rows] = progressLines(long, undefined, width);
    if (!head!.startsWith("path")) continue; // two lines for each path, without titles
    const titles = head!.split(/ {2,}/);
    assert.ok(titles.every((title) => widest.includes(title) || title === "from"), `${titles}`);
    assert.ok(titles.length <= before.length, `${width} columns: ${titles}`);
    for (const row of rows) assert.equal(row.split(/ {2,}/).length, titles.length, row);
    for (const line of [head!, ...rows]) assert.ok(line.length < width);
    before = titles;
  }
});

Deno.test("progressLines() does not go beyond the terminal's lines, and drops closed paths first", () => {
  const paths = [0, 1, 2, 3, 4].map((id) => ({
    ...path(id, 100, 20),
    state: id === 1 || id === 3 ? "closed" : "open",
  }));
  const ids = (height: number) =>
    progressLines({ ...now, paths }, before, 120, height).slice(2).map((line) => line[0]);
  assert.deepEqual(ids(8), ["0", "1", "2", "3", "4"]);
  assert.deepEqual(ids(7), ["0", "2", "3", "4"]);
  assert.deepEqual(ids(6), ["0", "2", "4"]);
  assert.deepEqual(ids(5), ["2", "4"]);
  assert.deepEqual(ids(1), ["4"]);
  assert.match(progressLines({ ...now, paths }, before, 120, 6)[2]!, / 20 % /, "of all of them");
});

Deno.test("progressLines() lines its columns up", () => {
  const [, head, ...rows] = progressLines(now, before, 120);
  for (const title of ["RTT", "rate", "bytes", "share"]) {
    const end = head!.indexOf(title) + title.length;
    for (const row of rows) assert.match(row.slice(end - 1, end + 1), /^\S( |$)/, title);
  }
});

Deno.test("progressLines() cuts lines to the terminal, so that rows can be drawn over", () => {
  for (const width of [0, 1, 20, 79]) {
    for (const line of progressLines(now, before, width)) {
      assert.ok(line.length <= Math.max(1, width - 1));
    }
  }
});

Deno.test("progressLines() copes with the first moment", () => {
  const first = { elapsed: 0, bytes: 0, expected: undefined, paths: [path(0, 0, NaN)] };
  const lines = progressLines(first, undefined, 120).join("\n");
  assert.match(lines, /^0 B {2}- Mbit\/s/);
  assert.doesNotMatch(lines, /NaN|Infinity/);
});

Deno.test("progressLines() measures a path that is new from nothing", () => {
  const older = { ...before, paths: [before.paths[0]!] };
  assert.match(progressLines(now, older, 120)[3]!, /14\.8 Mbit\/s/);
});

Deno.test("progressLines() tells the time that is left, as far as that is known", () => {
  const left = (bytes: number, expected: number | undefined) =>
    progressLines({ ...now, bytes, expected }, { ...before, bytes: 0 }, 80)[0]!.split("  ").at(-1);
  assert.equal(left(1_000_000, 2_000_000), "1 s left");
  assert.equal(left(1_000_000, 100_000_000), "99 s left");
  assert.equal(left(1_000_000, 201_000_000), "3 min 20 s left");
  assert.equal(left(1_000_000, 7_201_000_000), "2 h 0 min left");
  for (const [bytes, expected] of [[0, 10], [10, 10], [10, undefined]] as const) {
    assert.doesNotMatch(left(bytes, expected)!, /left/);
  }
});

Deno.test("plainLine() says it all in one line", () => {
  assert.equal(
    plainLine(now, before),
    "2.0 s  3.5 MB of 100.0 MB (3 %)  20.0 Mbit/s  path 0 50 %  path 1 50 %",
  );
  const named = { ...now, paths: [{ ...now.paths[0]!, over: "wlan0" }] };
  assert.match(plainLine(named, before), /path 0 over wlan0 100 %$/);
});

Deno.test("summaryLines() gives bytes, time, mean rate and the table", () => {
  const lines = summaryLines(now);
  assert.equal(lines[0], "3500000 bytes in 2.00 s, 14.0 Mbit/s");
  assert.equal(lines.length, 4);
  assert.match(lines[3]!, /^1 .*127\.0\.0\.2:50001 -> 127\.0\.0\.1:6121.* 7\.4 Mbit\/s .* 50 %/);
  assert.deepEqual(summaryLines({ elapsed: 10, bytes: 0, expected: undefined, paths: [] }), [
    "0 bytes in 0.01 s, 0.0 Mbit/s",
  ]);
});
