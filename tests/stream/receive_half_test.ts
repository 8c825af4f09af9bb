import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { ReceiveHalf, ReceiveState } from "../../src/stream/receive_half.ts";
import { ReceiveLimit } from "../../src/stream/receive_limit.ts";
import { deliver, pattern, TestObserver, TestSink } from "./sink.ts";

function make(window = 1000, all = 5000) {
  const seen = new TestObserver();
  const connection = new ReceiveLimit({ window: all });
  const half = new ReceiveHalf(0, { window, maxWindow: 64 * window }, connection, seen);
  return { half, connection, seen };
}

function control(half: ReceiveHalf, now = 0, rtt = 0): { sink: TestSink; found: string[] } {
  const sink = new TestSink();
  const found: string[] = [];
  assert.equal(half.writeControlFrames(sink, now, rtt), true);
  deliver(sink.bytes, {
    onMaxStreamData: (_id, limit) => found.push(`max ${limit}`),
    onStopSending: (_id, code) => found.push(`stop ${code}`),
  });
  return { sink, found };
}

Deno.test("ReceiveHalf goes from Receive to DataRead as in RFC 9000, Section 3.2", () => {
  const { half, connection, seen } = make();
  half.onData(50, pattern(0, 50, 50), true);
  assert.equal(half.state, ReceiveState.SizeKnown);
  assert.equal(half.read(100), undefined);
  half.onData(0, pattern(0, 0, 50), false);
  assert.equal(half.state, ReceiveState.DataReceived);
  assert.deepEqual(half.read(80), pattern(0, 0, 80));
  assert.equal(half.isFinished, false);
  assert.deepEqual(half.read(80), pattern(0, 80, 20));
  assert.equal(half.state, ReceiveState.DataRead);
  assert.deepEqual(seen.calls, ["readable", "done"]);
  assert.deepEqual([connection.received, connection.consumed], [100, 100]);
  assert.equal(half.bytesHeld, 0);
});

Deno.test("ReceiveHalf.onReset() drops data, settles credit and is over once it was read", () => {
  const { half, connection, seen } = make();
  half.onData(10, pattern(0, 10, 50), false);
  half.onReset(9, 200);
  assert.equal(half.state, ReceiveState.ResetReceived);
  assert.deepEqual([connection.received, connection.consumed], [200, 200]);
  half.onReset(10, 200);
  assert.equal(half.read(10), undefined);
  assert.equal(half.resetCode, 9);
  assert.equal(half.state, ReceiveState.ResetRead);
  assert.deepEqual(seen.calls, ["readable", "done"]);
});

Deno.test("ReceiveHalf.onReset() is news to an application that has stopped reading", () => {
  const { half, seen } = make();
  half.onData(0, pattern(0, 0, 10), false);
  half.onData(10, pattern(0, 10, 10), false);
  half.onReset(1, 20);
  assert.deepEqual(seen.calls, ["readable", "readable"]);
});

Deno.test("ReceiveHalf.onReset() is ignored when all data have arrived", () => {
  const { half } = make();
  half.onData(0, pattern(0, 0, 10), true);
  half.onReset(1, 10);
  assert.equal(half.resetCode, -1);
  assert.deepEqual(half.read(10), pattern(0, 0, 10));
});

Deno.test("ReceiveHalf holds every frame against the final size [attack final-sizes]", () => {
  const wrong: ((half: ReceiveHalf) => void)[] = [
    (half) => half.onData(100, new Uint8Array(1), false),
    (half) => half.onData(100, new Uint8Array(1), true),
    (half) => half.onData(0, new Uint8Array(10), true),
    (half) => half.onReset(0, 99),
    (half) => half.onReset(0, 101),
  ];
  for (const state of ["partial", "all", "read", "stopped"]) {
    for (const act of wrong) {
      const { half } = make();
      half.onData(90, new Uint8Array(10), true);
      if (state !== "partial") half.onData(0, new Uint8Array(90), false);
      if (state === "read") half.read(1000);
      if (state === "stopped") half.stop(1);
      assert.throws(() => act(half), { code: ErrorCode.FinalSizeError }, state);
    }
  }
  const { half } = make();
  half.onData(0, new Uint8Array(100), false);
  assert.throws(() => half.onData(0, new Uint8Array(99), true), { code: ErrorCode.FinalSizeError });
  assert.throws(() => half.onReset(0, 99), { code: ErrorCode.FinalSizeError });
  half.onReset(0, 100);
  assert.throws(() => half.onData(0, new Uint8Array(101), false), {
    code: ErrorCode.FinalSizeError,
  });
});

Deno.test("ReceiveHalf refuses data beyond the stream's or the connection's limit [attack final-sizes]", () => {
  const code = ErrorCode.FlowControlError;
  const { half } = make(1000, 5000);
  half.onData(999, new Uint8Array(1), false);
  assert.throws(() => half.onData(1000, new Uint8Array(1), false), { code });
  assert.throws(() => half.onReset(1, 1001), { code });
  assert.throws(() => half.onData(100_000_000, new Uint8Array(1), false), { code });
  const tight = make(1000, 500).half;
  tight.onData(0, new Uint8Array(500), false);
  tight.onData(0, new Uint8Array(500), false);
  assert.throws(() => tight.onData(500, new Uint8Array(1), false), { code });
  assert.throws(() => tight.onReset(1, 501), { code });
});

Deno.test("ReceiveHalf.stop() sends STOP_SENDING until the end is known, and returns credit", () => {
  const { half, connection, seen } = make();
  half.onData(0, new Uint8Array(100), false);
  half.stop(33);
  half.stop(34);
  const first = control(half);
  assert.deepEqual(first.found, ["stop 33"]);
  half.onData(100, new Uint8Array(300), false);
  assert.deepEqual([connection.consumed, half.bytesHeld, half.read(10)], [400, 0, undefined]);
  first.sink.lost();
  assert.deepEqual(control(half).found, ["stop 33"]);
  half.onReset(33, 500);
  assert.equal(half.state, ReceiveState.ResetRead);
  assert.equal(connection.consumed, 500);
  first.sink.lost();
  assert.deepEqual(control(half).found, []);
  assert.equal(seen.calls.filter((call) => call === "done").length, 1);
});

Deno.test("ReceiveHalf.stop() needs no frame when the final size is known", () => {
  const { half, connection } = make();
  half.onData(90, new Uint8Array(10), true);
  half.stop(1);
  assert.deepEqual(control(half).found, []);
  assert.equal(half.isFinished, true);
  assert.equal(connection.consumed, 100);
  half.onData(0, new Uint8Array(90), false);
  assert.equal(connection.received, 100);
});

Deno.test("ReceiveHalf.read() raises the limit in steps, and no more once the size is known", () => {
  const { half } = make(1000);
  half.onData(0, new Uint8Array(1000), false);
  half.read(200);
  assert.deepEqual(control(half).found, []);
  half.read(100);
  const { sink, found } = control(half);
  assert.deepEqual(found, ["max 1300"]);
  sink.lost();
  assert.deepEqual(control(half).found, ["max 1300"]);
  half.read(700);
  assert.deepEqual(control(half, 1).found, ["max 2000"]);
  sink.lost();
  assert.deepEqual(control(half).found, [], "a later limit is under way");
  half.onData(1000, new Uint8Array(900), true);
  half.read(800);
  assert.deepEqual(control(half).found, []);
});

Deno.test("ReceiveHalf widens its window when it is used up within a few round trips", () => {
  const { half, connection } = make(1000, 1e9);
  let now = 0;
  let end = 0;
  const fill = (duration: number) => {
    now += duration;
    while (end < half.limit.limit) {
      const length = Math.min(1000, half.limit.limit - end);
      half.onData(end, new Uint8Array(length), false);
      end += length;
    }
    half.read(1e9);
    control(half, now, 50);
  };
  for (let i = 0; i < 4; i++) fill(1000);
  assert.equal(half.limit.window, 1000);
  for (let i = 0; i < 20; i++) fill(60);
  assert.equal(half.limit.window, 64_000);
  assert.ok(connection.window >= 96_000);
});

Deno.test("ReceiveHalf narrows its window while the application never takes all there is", () => {
  const { half } = make(4_000_000, 1e9);
  let end = 0;
  for (let now = 0; now < 5_000; now += 100) {
    const length = half.limit.limit - end;
    if (length > 0) half.onData(end, new Uint8Array(length), false);
    end += length;
    for (let left = 200_000; left > 0; left -= 50_000) half.read(50_000);
    control(half, now, 50);
  }
  assert.ok(half.bytesReadable < 700_000, `${half.bytesReadable} lie unread`);
  assert.ok(half.bytesReadable > 50_000, "there is always something to read");
});

Deno.test("ReceiveHalf tells the application once until it has read all there is", () => {
  const { half, seen } = make(10_000, 10_000);
  for (let i = 0; i < 10; i++) half.onData(i * 10, pattern(0, i * 10, 10), false);
  half.read(50);
  half.onData(100, pattern(0, 100, 10), false);
  assert.deepEqual(seen.calls, ["readable"]);
  half.read(1000);
  half.onData(110, pattern(0, 110, 10), false);
  assert.deepEqual(seen.calls, ["readable", "readable"]);
  half.read(1000);
  half.onData(120, new Uint8Array(0), true);
  assert.deepEqual(seen.calls, ["readable", "readable", "readable"]);
});
