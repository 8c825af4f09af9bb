import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import {
  MAX_PATH_ID,
  PATH_ABANDON,
  PATH_CIDS_BLOCKED,
  PATHS_BLOCKED,
} from "../../src/frame/multipath.ts";
import { Stage } from "../../src/path/health/lifecycle.ts";
import { TestSink } from "../stream/sink.ts";
import { address, portAt, TestPaths } from "./fakes.ts";

/** Lets time pass by way of deadlines, as a connection would. */
function advance(t: TestPaths, to: number): void {
  for (let now = t.set.deadline; now <= to; now = Math.max(t.set.deadline, now + 0.001)) {
    t.set.expire(now);
    t.set.settle(now);
  }
}

Deno.test("PathSet.provide() issues IDs for every path both ends allow, and no more", () => {
  const t = new TestPaths(8, 3);
  assert.deepEqual([...t.set.slots].map((slot) => slot.id), [0, 1, 2, 3]);
  assert.deepEqual([...new Set(t.issuer.active.values())].toSorted(), [0, 1, 2, 3]);
  t.set.limits.onMaxPathId(5);
  t.set.provide();
  assert.deepEqual([...new Set(t.issuer.active.values())].toSorted(), [0, 1, 2, 3, 4, 5]);
});

Deno.test("PathSet.slot() throws beyond the limit", () => {
  const t = new TestPaths();
  assert.throws(() => t.set.slot(4), { code: ErrorCode.ProtocolViolation });
  assert.equal(t.set.slot(3)!.id, 3);
});

Deno.test("PathSet.open() challenges the address, and the response opens the path [MPQUIC 3.1 response-path]", () => {
  const t = new TestPaths();
  const path = t.set.open(t.set.openableId, portAt(2), address(100), 0);
  assert.equal(path.id, 1);
  assert.equal(path.stage, Stage.Opening);
  const sink = new TestSink();
  path.current.validation.writeFrames(sink, 1_200, 0);
  const data = sink.bytes.slice(1, 9);
  t.set.onPathResponse(t.set.find(0)!, data, 10); // the answer on another path proves nothing
  assert.equal(path.stage, Stage.Opening);
  t.set.onPathResponse(path, data, 30);
  assert.equal(path.stage, Stage.Open);
  assert.equal(path.smoothedRtt, 30);
  assert.deepEqual(t.opened, [1]);
});

Deno.test("PathSet.open() trusts a 4-tuple that another path has proven", () => {
  const t = new TestPaths();
  const zero = t.set.find(0)!;
  const path = t.set.open(1, zero.current.port, zero.current.remote, 0);
  assert.equal(path.stage, Stage.Open);
});

Deno.test("PathSet.openableId needs an ID of the peer, and has no gaps [MPQUIC 3.2.1 blocked]", () => {
  const t = new TestPaths(8, 7);
  assert.equal(t.set.openableId, 1);
  for (let id = 1; id <= 7; id++) assert.equal(t.open().id, id);
  assert.equal(t.set.openableId, -1);
  t.set.noteBlocked();
  assert.equal(t.drain().frames.at(-1)!.kind, PATHS_BLOCKED);
  t.set.limits.onMaxPathId(9);
  t.set.limits.raiseLocal();
  t.set.provide();
  t.set.noteBlocked();
  const kinds = t.drain().frames.map((frame) => frame.kind);
  assert.ok(kinds.includes(PATH_CIDS_BLOCKED));
});

/** Opens a path that answers no challenge; how many are sent in ten seconds, until it is given up. */
function openInVain(t: TestPaths, isWitnessed: boolean): number {
  let challenges = 0;
  t.set.open(1, portAt(2), address(100), 0);
  for (let now = 0; now < 10_000 && t.closed.length === 0; now += 10) {
    if (isWitnessed) t.set.watch.onSeen(t.set.find(0)!, now);
    const { validation } = t.set.find(1)!.current;
    if (validation.challengeDue) challenges++;
    validation.writeFrames(new TestSink(), 1_200, now);
    t.set.expire(now);
  }
  return challenges;
}

Deno.test("A path that is never proven is abandoned with a code", () => {
  const t = new TestPaths();
  openInVain(t, true);
  assert.deepEqual(t.closed, [[1, ErrorCode.PathUnstableOrPoor]]);
  assert.ok(t.drain().frames.some((frame) => frame.kind === PATH_ABANDON));
});

Deno.test("A path that is not proven is tried on, and others asked, while none shows life", () => {
  const t = new TestPaths();
  assert.ok(openInVain(t, false) > 8);
  assert.deepEqual(t.closed, []);
  assert.equal(t.set.find(0)!.space.probes, 1);
});

Deno.test("PathSet.abandon() is told until heard, and all is forgotten 3 PTO after that", () => {
  const t = new TestPaths();
  const path = t.open();
  t.set.abandon(path.slot, 7, 1_000);
  assert.deepEqual(t.closed, [[1, 7]]);
  assert.equal(path.readiness >= Readiness.Opening, false);
  const first = t.drain();
  first.lost();
  const second = t.drain();
  assert.equal(second.frames[0]!.kind, PATH_ABANDON);
  advance(t, 60_000);
  assert.notEqual(t.set.slot(1), undefined); // the peer has not heard of it yet
  second.acked();
  t.set.settle(60_000);
  const due = t.set.deadline;
  assert.ok(due > 60_000 && due < 60_000 + 3 * 1_100, `${due}`);
  advance(t, due);
  assert.equal(t.set.slot(1), undefined);
  assert.equal(path.stage, Stage.Closed);
  assert.equal(t.set.limits.local, 4);
  assert.ok(t.drain().frames.some((frame) => frame.kind === MAX_PATH_ID));
});

Deno.test("PathSlot.writeUnheard() repeats PATH_ABANDON until either end has heard of it", () => {
  const t = new TestPaths();
  const { slot } = t.open();
  t.set.abandon(slot, 7, 1_000);
  const sinks = [t.drain(), new TestSink(), new TestSink()];
  for (const sink of sinks.slice(1)) slot.writeUnheard(sink);
  const kinds = sinks.flatMap(({ frames }) => frames.map(({ kind }) => kind));
  assert.deepEqual(kinds, new Array(3).fill(PATH_ABANDON));
  sinks[2]!.acked();
  sinks[0]!.lost();
  const after = t.drain();
  slot.writeUnheard(after);
  assert.equal(after.frames.length, 0);
});

Deno.test("PathSet.onPathAbandon() answers once, even before the path was opened", () => {
  const t = new TestPaths();
  t.set.onPathAbandon(2, 5, 0);
  const answer = t.drain();
  assert.equal(answer.frames.filter((frame) => frame.kind === PATH_ABANDON).length, 1);
  for (let i = 0; i < 100; i++) t.set.onPathAbandon(2, 5, i);
  assert.equal(t.drain().frames.length, 0);
  answer.acked();
  advance(t, 10_000);
  assert.equal(t.set.slot(2), undefined);
  assert.deepEqual(t.closed, []);
  assert.ok(![...t.issuer.active.values()].includes(2));
});

// MPQUIC, Section 4.2: an end that has asked may wait for the answer before it forgets the path.
Deno.test("PathSet.onPathAbandon() is answered again and again, until the answer is heard [MPQUIC 3.4 answered]", () => {
  const t = new TestPaths();
  t.open();
  t.set.onPathAbandon(1, 0, 0);
  let answer = t.drain();
  for (let now = 5_000; now < 60_000; now += 5_000) {
    advance(t, now);
    answer.lost();
    answer = t.drain();
    assert.equal(answer.frames[0]?.kind, PATH_ABANDON, `at ${now} ms`);
    assert.equal(t.set.deadline, Infinity, "and no timer runs for it");
  }
  answer.acked();
  advance(t, 60_000);
  assert.equal(t.set.slot(1), undefined, "its time has passed long ago");
  answer.lost();
  assert.equal(t.drain().frames.some((frame) => frame.kind === PATH_ABANDON), false);
});

Deno.test("A repeated PATH_ABANDON does not keep a path alive", () => {
  const t = new TestPaths();
  t.open();
  t.set.onPathAbandon(1, 0, 0);
  t.drain().acked();
  const due = t.set.slot(1)!.removeAt;
  t.set.onPathAbandon(1, 0, due - 1);
  assert.equal(t.set.slot(1)!.removeAt, due);
});

Deno.test("PathSet never gives an ID out twice, and stays small over ten thousand paths", () => {
  const t = new TestPaths();
  let now = 0;
  let last = 0;
  for (let i = 0; i < 10_000; i++) {
    const path = t.open(now);
    assert.ok(path.id > last);
    last = path.id;
    t.drain().acked();
    t.set.onPathAbandon(path.id, 0, now);
    t.drain().acked();
    now += 10_000;
    t.set.expire(now);
    t.set.settle(now);
    t.set.limits.onMaxPathId(t.set.limits.local);
    t.set.provide();
    t.give(t.set.limits.local);
    t.drain().acked();
  }
  assert.equal(last, 10_000);
  assert.deepEqual([...t.set.slots].length, 4);
  assert.equal(t.set.paths.length, 1);
  assert.ok(t.issuer.active.size <= 4 + 3 * 4, `${t.issuer.active.size}`);
});

Deno.test("PathSet.onNewId() refuses an ID that another path has", () => {
  const t = new TestPaths();
  const id = new Uint8Array(8).fill(3);
  const token = new Uint8Array(16);
  t.set.onNewId(2, 1, 0, id, token);
  t.set.onNewId(2, 1, 0, id, token);
  assert.throws(() => t.set.onNewId(3, 1, 0, id, token), { code: ErrorCode.ProtocolViolation });
  assert.throws(() => t.set.onNewId(2, 2, 0, id, token), { code: ErrorCode.ProtocolViolation });
});

Deno.test("Migration.follow() tries the new address and goes back if it does not answer", () => {
  const t = new TestPaths();
  const zero = t.set.find(0)!;
  const old = zero.current;
  t.give(0, 1);
  const { remote: ids } = zero.slot;
  const first = ids.current;
  const next = zero.route.try(old.port, address(200));
  t.set.migration.follow(zero, next, 0);
  assert.equal(zero.current, next);
  assert.equal(zero.route.previous, old);
  assert.ok(next.validation.challengeDue && old.validation.challengeDue);
  assert.deepEqual(ids.former, first);
  assert.notDeepEqual(ids.current, first);
  const sink = new TestSink();
  old.validation.writeFrames(sink, 1_200, 0);
  next.validation.writeFrames(new TestSink(), 1_200, 0);
  t.set.onPathResponse(zero, sink.bytes.subarray(1, 9), 20); // the old one is still there
  for (let now = 0; now < 20_000; now += 50) {
    next.validation.writeFrames(new TestSink(), 1_200, now);
    t.set.expire(now);
  }
  assert.equal(zero.current, old);
  assert.deepEqual(t.closed, []);
  // RFC 9000, Section 9.5: what the other address has seen is of no use here.
  assert.deepEqual(ids.current, first);
  assert.ok(ids.former === undefined && !ids.hasSpare);
});

Deno.test("Migration.follow() goes back only to what has answered since the last move", () => {
  const t = new TestPaths();
  const zero = t.set.find(0)!;
  const old = zero.current;
  t.give(0, 1);
  t.give(0, 2);
  const { remote: ids } = zero.slot;
  const first = ids.current;
  t.set.migration.follow(zero, zero.route.try(old.port, address(200)), 0);
  const sink = new TestSink();
  old.validation.writeFrames(sink, 1_200, 0);
  t.set.onPathResponse(zero, sink.bytes.subarray(1, 9), 20);
  const last = zero.route.try(old.port, address(201));
  t.set.migration.follow(zero, last, 10_000);
  assert.equal(zero.route.previous, old);
  assert.deepEqual(ids.former, first, "the ID of the address to go back to");
  let latest = new TestSink();
  for (let now = 10_000; now < 30_000; now += 50) {
    last.validation.writeFrames(new TestSink(), 1_200, now);
    if (old.validation.challengeDue) latest = new TestSink();
    old.validation.writeFrames(latest, 1_200, now);
    t.set.expire(now);
  }
  assert.equal(zero.current, last, "neither answers");
  t.set.onPathResponse(zero, latest.bytes.subarray(1, 9), 30_000);
  for (let now = 30_050; now < 40_000; now += 50) t.set.expire(now);
  assert.equal(zero.current, old);
  assert.deepEqual(ids.current, first);
});

Deno.test("Migration.follow() keeps no ID of another address for one that only changed its port", () => {
  const t = new TestPaths();
  const zero = t.set.find(0)!;
  for (let sequence = 1; sequence < 4; sequence++) t.give(0, sequence);
  const { current: { port }, slot: { remote: ids } } = zero;
  const follow = (to: ReturnType<typeof address>, now: number) => {
    t.set.migration.follow(zero, t.set.migration.meet(zero, port, to), now);
    zero.current.prove();
  };
  follow(address(200), 0);
  const elsewhere = ids.current;
  follow(address(201), 10_000);
  assert.deepEqual(ids.former, elsewhere);
  const here = ids.current;
  follow(address(201, 444), 20_000);
  assert.deepEqual(ids.current, here);
  // RFC 9000, Section 9.5: challenges to the old port carry the ID in use.
  assert.ok(zero.route.previous!.is(port, address(201)) && ids.former === undefined);
});

Deno.test("Migration.follow() does not move a path to what is only tried after the address it waits for", () => {
  const t = new TestPaths();
  const [zero, one] = [t.set.find(0)!, t.open()];
  const { migration } = t.set;
  const { port } = one.current;
  // While one path is at an address that is not proven, another one waits for the proof of its own.
  migration.follow(zero, migration.meet(zero, zero.current.port, address(200)), 0);
  const wanted = migration.meet(one, port, address(201));
  migration.follow(one, wanted, 0);
  assert.ok(one.route.isCandidateWanted && one.current !== wanted);
  const tried = migration.meet(one, port, address(202));
  t.set.validate(one, tried, 0);
  const sink = new TestSink();
  tried.validation.writeFrames(sink, 1_200, 0);
  t.set.onPathResponse(one, sink.bytes.subarray(1, 9), 20);
  assert.ok(tried.validated && one.current !== tried && one.route.candidate === tried);
});

Deno.test("Migration.follow() keeps the round-trip time when only the port changes", () => {
  const t = new TestPaths();
  const zero = t.set.find(0)!;
  zero.current.rtt.update(30, 0);
  const rebound = zero.route.try(zero.current.port, address(100, 444));
  t.set.migration.follow(zero, rebound, 0);
  assert.equal(zero.smoothedRtt, 30);
  const moved = zero.route.try(zero.current.port, address(101, 444));
  t.set.migration.follow(zero, moved, 10_000);
  assert.equal(zero.measured, false);
});

Deno.test("PathSet.best() is the fastest open path but the one to avoid", () => {
  const t = new TestPaths();
  t.set.find(0)!.current.rtt.update(50, 0);
  const one = t.open();
  one.current.rtt.update(30, 0);
  const two = t.open(0, 3);
  two.current.rtt.update(40, 0);
  assert.equal(t.set.best(), one);
  assert.equal(t.set.best(one), two);
  t.set.abandon(one.slot, 0, 0);
  assert.equal(t.set.best(), two);
});

Deno.test("PathSet.onPathStatus() tells of open paths and remembers for the others", () => {
  const t = new TestPaths();
  t.open();
  t.set.onPathStatus(1, 0, false);
  t.set.onPathStatus(3, 0, false);
  assert.deepEqual(t.statuses, [1]);
  assert.equal(t.set.find(1)!.status, "backup");
  t.set.onPathStatus(1, 0, true);
  assert.equal(t.set.find(1)!.status, "backup");
});

Deno.test("PathSet.close() releases every ID", () => {
  const t = new TestPaths();
  t.open();
  t.set.close();
  assert.equal(t.issuer.active.size, 0);
});
