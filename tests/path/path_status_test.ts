import assert from "node:assert/strict";
import { StatusPair } from "../../src/path/id/path_status.ts";
import { TestSink } from "../stream/sink.ts";

Deno.test("StatusPair.set() tells each change once, the newest after a loss", () => {
  const status = new StatusPair(2);
  status.set("available");
  assert.equal(status.pending, false);
  status.set("backup");
  const first = new TestSink();
  status.writeFrames(first);
  assert.equal(status.pending, false);
  status.set("available");
  const second = new TestSink();
  status.writeFrames(second);
  first.lost();
  assert.equal(status.pending, false);
  second.lost();
  assert.equal(status.pending, true);
  assert.ok(second.frames[0]!.start > first.frames[0]!.start);
});

Deno.test("StatusPair.onStatus() ignores numbers that do not rise", () => {
  const status = new StatusPair(2);
  assert.equal(status.onStatus(3, false), true);
  assert.equal(status.onStatus(3, true), false);
  assert.equal(status.onStatus(1, true), false);
  assert.equal(status.remote, "backup");
  assert.equal(status.onStatus(4, true), true);
  assert.equal(status.remote, "available");
});

Deno.test("StatusPair.effective is backup if either end says so", () => {
  const status = new StatusPair(2);
  assert.equal(status.effective, "available");
  status.onStatus(0, false);
  assert.equal(status.effective, "backup");
  status.onStatus(1, true);
  status.set("backup");
  assert.equal(status.effective, "backup");
});

Deno.test("StatusPair.need() asks for a backup, unless that is suspect itself", () => {
  const pair = new StatusPair(1);
  const sink = new TestSink();
  const told = () => {
    const before = sink.bytes.length;
    pair.writeFrames(sink);
    const type = sink.bytes.subarray(before, before + 2);
    return type.length === 0 ? "nothing" : type[1] === 0x77 ? "available" : "backup";
  };
  pair.set("backup");
  assert.equal(told(), "backup");
  pair.need(true);
  assert.equal(told(), "available");
  pair.need(true);
  assert.equal(told(), "nothing");
  pair.doubt(true);
  assert.equal(told(), "backup");
  pair.doubt(false);
  assert.equal(told(), "available");
  pair.need(false);
  assert.equal(told(), "backup");
  assert.equal(pair.effective, "backup", "for ourselves it was a backup all the time");
});

Deno.test("StatusPair.writeUnheard() writes besides the newest status until it is acknowledged", () => {
  const status = new StatusPair(2);
  const idle = new TestSink();
  status.writeUnheard(idle);
  assert.equal(idle.frames.length, 0);
  status.set("backup");
  const first = new TestSink();
  const second = new TestSink();
  for (const sink of [first, second]) status.writeUnheard(sink);
  assert.deepEqual(first.bytes, second.bytes);
  assert.equal(second.frames.length, 1);
  assert.equal(status.pending, true, "another path is to carry it still");
  status.writeFrames(new TestSink());
  second.acked();
  first.lost();
  assert.equal(status.pending, false);
  status.writeUnheard(idle);
  assert.equal(idle.frames.length, 0);
});
