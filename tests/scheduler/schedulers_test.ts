import assert from "node:assert/strict";
import { backup } from "../../src/scheduler/backup.ts";
import { blest } from "../../src/scheduler/blest.ts";
import { ecf } from "../../src/scheduler/ecf.ts";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import { redundant } from "../../src/scheduler/redundant.ts";
import { roundRobin } from "../../src/scheduler/round_robin.ts";
import type { PathView } from "../../src/scheduler/scheduler.ts";
import { sttf, transferTime } from "../../src/scheduler/sttf.ts";
import { weightedRoundRobin } from "../../src/scheduler/weighted_round_robin.ts";
import { contextOf, pathView, streamView } from "./views.ts";

const fast = pathView(0);
const slow = pathView(1, { smoothedRtt: 200 });
/** When that answer would be late: an eighth of the round trip and two datagrams after its time. */
const LATE = 5 + 20 / 8 + 2 * 1_200 / 600;
/** As `fast`, its window full until 5 ms from now. */
const blocked = pathView(0, { bytesInFlight: 12_000, nextAckAt: 5 });

Deno.test("minRtt() takes the fastest path with room", () => {
  assert.equal(minRtt([fast, slow])?.path, fast);
  assert.equal(minRtt([slow, fast])?.path, fast);
  assert.equal(minRtt([blocked, slow])?.path, slow);
  assert.equal(minRtt([blocked]), undefined);
});

Deno.test("roundRobin() takes the path that was silent longest", () => {
  const recent = pathView(0, { lastSentAt: 5 });
  assert.equal(roundRobin([recent, slow])?.path, slow);
  assert.equal(roundRobin([recent])?.path, recent);
  assert.equal(roundRobin([blocked]), undefined);
});

Deno.test("redundant() copies to all other paths", () => {
  const third = pathView(2, { smoothedRtt: 50 });
  const full = pathView(3, { room: 0 });
  const answer = redundant([slow, third, fast, full]);
  assert.equal(answer?.path, fast);
  assert.deepEqual(answer?.copies, [slow, third, full]);
  assert.deepEqual(redundant([fast])?.copies, []);
  assert.equal(redundant([blocked]), undefined);
});

Deno.test("backup() waits for the first path", () => {
  assert.equal(backup([fast, slow])?.path, fast);
  assert.equal(backup([blocked, slow]), undefined);
  assert.equal(backup([]), undefined);
});

Deno.test("weightedRoundRobin() sends in proportion to the weights", () => {
  const scheduler = weightedRoundRobin((path) => path.id === 0 ? 3 : 1);
  const counts = [0, 0];
  const paths = [fast, slow];
  for (let i = 0; i < 400; i++) counts[scheduler(paths, [], contextOf())!.path!.id]!++;
  assert.deepEqual(counts, [300, 100]);
});

Deno.test("weightedRoundRobin() goes by the rates of the paths", () => {
  const scheduler = weightedRoundRobin();
  const paths = [pathView(0, { deliveryRate: 100 }), pathView(1, { deliveryRate: 20 })];
  const counts = [0, 0];
  for (let i = 0; i < 600; i++) counts[scheduler(paths, [], contextOf())!.path!.id]!++;
  assert.deepEqual(counts, [500, 100]);
});

Deno.test("weightedRoundRobin() makes up for a few missed turns only, and forgets old paths", () => {
  const scheduler = weightedRoundRobin(() => 1);
  for (let i = 0; i < 1_000; i++) scheduler([pathView(0, { room: 0 }), slow], [], contextOf());
  const counts = [0, 0];
  for (let i = 0; i < 40; i++) counts[scheduler([fast, slow], [], contextOf())!.path!.id]!++;
  assert.ok(counts[0]! >= 20 && counts[0]! <= 30, `${counts}`);
  for (let id = 2; id < 50; id++) {
    assert.equal(scheduler([pathView(id)], [], contextOf())?.path?.id, id);
  }
  assert.equal(scheduler([pathView(50, { room: 0 })], [], contextOf()), undefined);
});

Deno.test("ecf() waits as the published rule does", () => {
  const paths = [blocked, slow];
  const ask = (bytes: number, waiting = false) =>
    ecf(paths, [streamView(0, bytes)], contextOf({ waiting }));
  // (1 + k / 12000) * 20 < 200, and k / 12000 * 200 >= 40.
  assert.equal(ask(107_999)?.until, LATE);
  assert.equal(ask(108_000)?.path, slow);
  assert.equal(ask(108_000, true)?.path, undefined, "beta: 1.25 times as long");
  assert.equal(ask(138_000, true)?.path, slow);
  assert.equal(ask(2_399)?.path, slow, "not worth waiting for");
  assert.equal(ecf([fast, slow], [streamView(0, 1)], contextOf())?.path, fast);
  assert.equal(ecf([blocked], [streamView(0, 1)], contextOf()), undefined);
});

Deno.test("blest() keeps a slow path from using up the peer's window", () => {
  const ask = (credit: number) =>
    blest([blocked, slow], [streamView(0, 1e6)], contextOf({ credit }));
  // 1.2 * (12000 + 1200 * 4.5) * 10 = 208 800 must be left, besides 1200 for the slow path.
  assert.equal(ask(208_800 + 1_200 - 12_000)?.path, slow);
  assert.equal(ask(208_800 + 1_199 - 12_000)?.until, LATE);
  assert.equal(blest([fast, slow], [streamView(0, 1)], contextOf())?.path, fast);
});

Deno.test("sttf() plans ahead and waits while nothing falls to a path with room", () => {
  const ask = (bytes: number) => sttf([blocked, slow], [streamView(0, bytes)], contextOf());
  // Four round trips of the fast path end before the 100 ms of the slow one, growing by one.
  const planned = 11 + 12 + 13 + 14;
  assert.equal(ask(planned * 1_200)?.until, LATE);
  assert.equal(ask(planned * 1_200 + 1)?.path, slow);
  assert.equal(sttf([blocked], [streamView(0, 1)], contextOf())?.path, undefined);
});

Deno.test("transferTime() counts round trips of a growing window", () => {
  assert.equal(transferTime(fast, 12_000), 10);
  assert.equal(transferTime(fast, 12_001), 30);
  const doubling = (bytes: number) => transferTime(pathView(0, { inSlowStart: true }), bytes);
  assert.equal(doubling(12_000 + 24_000), 30);
  assert.equal(doubling(12_000 + 24_000 + 1), 50);
});

Deno.test("Schedulers choose nothing when there is no path", () => {
  const none: PathView[] = [];
  for (const scheduler of [minRtt, roundRobin, redundant, backup, ecf, blest, sttf]) {
    assert.equal(scheduler(none, [streamView(0, 1)], contextOf()), undefined, scheduler.name);
  }
});
