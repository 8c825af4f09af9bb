import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { PathLimits } from "../../src/path/path_limits.ts";
import { MAX_PATH_ID } from "../../src/frame/multipath.ts";
import { TestSink } from "../stream/sink.ts";

function written(limits: PathLimits): TestSink {
  const sink = new TestSink();
  limits.writeFrames(sink);
  return sink;
}

Deno.test("PathLimits.common is what both allow", () => {
  const limits = new PathLimits(3);
  assert.equal(limits.common, 0);
  limits.setRemote(1);
  assert.equal(limits.common, 1);
  limits.onMaxPathId(9);
  assert.equal(limits.common, 3);
});

Deno.test("PathLimits.onMaxPathId() refuses less than the first limit and more than 32 bits", () => {
  const limits = new PathLimits(3);
  limits.setRemote(2);
  assert.throws(() => limits.onMaxPathId(1), { code: ErrorCode.ProtocolViolation });
  assert.throws(() => limits.onMaxPathId(2 ** 32), { code: ErrorCode.ProtocolViolation });
  limits.onMaxPathId(2 ** 32 - 1);
  limits.onMaxPathId(2);
  assert.equal(limits.remote, 2 ** 32 - 1);
});

Deno.test("PathLimits.raiseLocal() is told, again if lost, but only the newest", () => {
  const limits = new PathLimits(3);
  limits.raiseLocal();
  const first = written(limits);
  assert.deepEqual(first.frames.map((frame) => [frame.kind, frame.start]), [[
    MAX_PATH_ID,
    4,
  ]]);
  limits.raiseLocal();
  const second = written(limits);
  first.lost();
  assert.equal(limits.pending, false);
  second.lost();
  assert.equal(written(limits).frames[0]!.start, 5);
});

Deno.test("PathLimits.raiseLocal() does nothing where one path is all", () => {
  const limits = new PathLimits(0);
  limits.raiseLocal();
  assert.equal(limits.local, 0);
  assert.equal(limits.pending, false);
  assert.equal(limits.offered, false);
});

Deno.test("PathLimits complains once about each limit", () => {
  const limits = new PathLimits(3);
  limits.setRemote(1);
  limits.notePathsBlocked();
  limits.noteCidsBlocked(1, 0);
  assert.equal(written(limits).frames.length, 2);
  limits.notePathsBlocked();
  limits.noteCidsBlocked(1, 0);
  assert.equal(limits.pending, false);
  limits.onMaxPathId(2);
  limits.notePathsBlocked();
  assert.equal(written(limits).frames.length, 1);
});

Deno.test("PathLimits does not repeat a lost complaint that is no longer true", () => {
  const limits = new PathLimits(3);
  limits.setRemote(1);
  limits.notePathsBlocked();
  const sink = written(limits);
  limits.onMaxPathId(2);
  sink.lost();
  assert.equal(limits.pending, false);
  limits.noteCidsBlocked(1, 0);
  const first = written(limits);
  limits.noteCidsBlocked(2, 0);
  const second = written(limits);
  first.lost();
  assert.equal(limits.pending, false, "the complaint about path 2 is the one that counts");
  second.lost();
  assert.equal(written(limits).frames[0]!.start, 2);
});
