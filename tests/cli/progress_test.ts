import assert from "node:assert/strict";
import { plainLine, type Progress, progressLines, summaryLines } from "../../cli/progress.ts";

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
    "3.5 MB of 100.0 MB (3 %)  20.0 Mbit/s  2.0 s",
    "path  from -> to                              RTT         rate   bytes  share  state",
    "0     127.0.0.1:50000 -> 127.0.0.1:6121   20.0 ms  10.0 Mbit/s  1.9 MB   50 %  open",
    "1     127.0.0.2:50001 -> 127.0.0.1:6121  150.0 ms  11.6 Mbit/s  1.9 MB   50 %  open",
  ]);
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

Deno.test("plainLine() says it all in one line", () => {
  assert.equal(
    plainLine(now, before),
    "2.0 s  3.5 MB of 100.0 MB (3 %)  20.0 Mbit/s  path 0 50 %  path 1 50 %",
  );
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
