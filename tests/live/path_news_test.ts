import assert from "node:assert/strict";
import { PathNews } from "../../src/live/path_news.ts";
import type { WatchedEvent } from "../../src/live/event_text.ts";
import type { Path } from "../../src/api/path/path.ts";
import type { PathStats } from "../../src/api/stats/path_stats.ts";
import { statsOf } from "./watched.ts";

function event(
  type: WatchedEvent["type"],
  some?: Partial<PathStats>,
  closeInfo?: WatchedEvent["closeInfo"],
): WatchedEvent {
  const stats = statsOf(1, some);
  const base = { type, time: 0, stats, path: { id: 1 } as Path };
  return closeInfo === undefined ? base : { ...base, closeInfo };
}

/** What is told of events, each with its time, and by when. */
function told(events: readonly [time: number, event: WatchedEvent][], until: number): string[] {
  const news = new PathNews();
  const lines: string[] = [];
  const waiting = [...events];
  for (let now = 0; now <= until; now += 50) {
    while (waiting[0] !== undefined && waiting[0][0] <= now) {
      news.onEvent(waiting[0][1], "wlan0", waiting.shift()![0]);
    }
    for (const { time, tone, text } of news.take(now)) lines.push(`${time} ${tone} ${text}`);
  }
  return lines;
}

const opened = event("opened");
const silent = event("health", { health: "suspect" });
const failed = event("health", { health: "failed" });
const answers = event("health");

Deno.test("A silence is told once it lasts, with the time when it began, and how long it was", () => {
  const lines = told([[0, opened], [1_000, silent], [2_000, failed], [4_200, answers]], 6_000);
  assert.deepEqual(lines, [
    "0 good Path 1 (wlan0) works: 10.0.1.1:1000 to 192.0.2.1:443",
    "1000 bad Path 1 (wlan0) does not answer; the others carry its data",
    "4200 good Path 1 (wlan0) answers again, after 3.2 s",
  ]);
});

Deno.test("Short silences, which every loss brings, are not told", () => {
  const flaps = Array.from({ length: 50 }, (_, i): [number, WatchedEvent][] => [
    [1_000 + i * 500, silent],
    [1_200 + i * 500, answers],
  ]);
  assert.equal(told([[0, opened], ...flaps.flat()], 30_000).length, 1);
});

Deno.test("A status that a peer takes back at once is not told, one that lasts is", () => {
  const backup = event("status", { status: "backup" });
  const available = event("status", { status: "available" });
  const lines = told([[0, opened], [100, backup], [200, available], [900, backup]], 3_000);
  assert.deepEqual(lines.slice(1), [
    "900 plain Path 1 (wlan0) is a backup now: the peer wants it so",
  ]);
});

Deno.test("A path that is given up has a reason: its silence, or what either end says", () => {
  const closed = (closeCode: number, by: "local" | "peer") =>
    event("closed", {}, { closeCode, by });
  const reasonOf = (...events: [number, WatchedEvent][]) =>
    told([[0, opened], ...events], 20_000).at(-1)!.replace(/^.*\(wlan0\) /, "");
  assert.equal(
    reasonOf([1_000, silent], [11_500, closed(0x3e76, "local")]),
    "is given up: no answer for 10.5 s",
  );
  assert.equal(
    reasonOf([1_000, silent], [1_100, closed(0x3e75, "peer")]),
    "is given up: the peer says that there is no room for it",
  );
  assert.equal(
    reasonOf([1_000, closed(0x3e, "local")]),
    "is given up: the application does not want it any more",
  );
  assert.equal(reasonOf([1_000, closed(0x1234, "peer")]), "is given up: the peer says that 0x1234");
  assert.equal(
    reasonOf([1_000, event("failed", {}, { closeCode: 0x3e76, by: "local" })]),
    "cannot be opened: it does not carry enough",
  );
});

Deno.test("Paths that end with their connection are not told of one by one", () => {
  const end = event("closed", {}, { closeCode: 0, by: "peer" });
  assert.equal(told([[0, opened], [1_000, end]], 2_000).length, 1);
});

Deno.test("Moves, backups and what the peer sees are told", () => {
  const moved = event("moved", {
    localAddr: { transport: "udp", hostname: "2001:db8::9", port: 2000 },
  });
  const seen: PathStats["observedAddr"] = { transport: "udp", hostname: "203.0.113.7", port: 9 };
  const lines = told([
    [0, event("opened", { status: "backup" })],
    [1, moved],
    [2, event("observed", { observedAddr: seen })],
  ], 100);
  assert.deepEqual(lines, [
    "0 good Path 1 (wlan0) is there as a backup: 10.0.1.1:1000 to 192.0.2.1:443",
    "1 plain Path 1 (wlan0) has moved: [2001:db8::9]:2000 to 192.0.2.1:443",
    "2 plain Path 1 (wlan0) is seen by the peer as 203.0.113.7:9",
  ]);
});
