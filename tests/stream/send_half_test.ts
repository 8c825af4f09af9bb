import assert from "node:assert/strict";
import { SendHalf } from "../../src/stream/send_half.ts";
import { SendState } from "../../src/stream/send_state.ts";
import { SendLimit } from "../../src/stream/send_limit.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { STREAM } from "../../src/frame/stream.ts";
import { byteAt, deliver, pattern, TestObserver, TestSink } from "./sink.ts";

function make(limit = 1e6): { half: SendHalf; seen: TestObserver; credit: SendLimit } {
  const seen = new TestObserver();
  return { half: new SendHalf(4, limit, seen), seen, credit: new SendLimit(1e6) };
}

function write(half: SendHalf, credit: SendLimit, size = 1200): TestSink {
  const sink = new TestSink(size);
  half.writeFrames(sink, credit);
  return sink;
}

function frames(sink: TestSink): string[] {
  const found: string[] = [];
  deliver(sink.bytes, {
    onStream(id, offset, data, fin) {
      data.forEach((byte, i) => assert.equal(byte, byteAt(id, offset + i)));
      found.push(`${offset}+${data.length}${fin ? " fin" : ""}`);
    },
    onResetStream: (_id, code, size) => found.push(`reset ${code} ${size}`),
    onStreamDataBlocked: (_id, limit) => found.push(`blocked ${limit}`),
  });
  return found;
}

Deno.test("SendHalf goes from Ready to DataReceived as in RFC 9000, Section 3.1", () => {
  const { half, credit, seen } = make();
  assert.equal(half.state, SendState.Ready);
  half.write(pattern(4, 0, 100));
  const first = write(half, credit);
  assert.equal(half.state, SendState.Send);
  half.finish();
  const second = write(half, credit);
  assert.deepEqual(frames(second), ["100+0 fin"]);
  assert.equal(half.state, SendState.DataSent);
  second.acked();
  assert.equal(half.isDone, false);
  first.acked();
  assert.equal(half.state, SendState.DataReceived);
  assert.equal(half.bytesHeld, 0);
  assert.deepEqual(seen.calls, ["writable", "done"]);
  half.reset(1);
  half.onStopSending(2);
  assert.equal(half.state, SendState.DataReceived);
  assert.deepEqual([half.resetCode, half.stopCode], [-1, -1]);
});

Deno.test("SendHalf.reset() leads to ResetReceived from every state before the end", () => {
  for (const prepare of [0, 1, 2]) {
    const { half, credit } = make();
    if (prepare > 0) half.write(pattern(4, 0, 100));
    if (prepare > 1) half.finish();
    const data = write(half, credit);
    half.reset(7);
    half.reset(8);
    assert.equal(half.state, SendState.ResetSent);
    assert.equal(half.bytesHeld, 0);
    const reset = new TestSink();
    assert.equal(half.writeControlFrames(reset), true);
    assert.deepEqual(frames(reset), [`reset 7 ${prepare > 0 ? 100 : 0}`]);
    data.lost();
    assert.deepEqual(frames(write(half, credit)), []);
    reset.lost();
    const again = write(half, credit);
    assert.deepEqual(frames(again), [`reset 7 ${prepare > 0 ? 100 : 0}`]);
    data.acked();
    assert.equal(half.isDone, false);
    again.acked();
    assert.equal(half.state, SendState.ResetReceived);
    assert.throws(() => half.write(new Uint8Array(1)), StreamError);
  }
});

Deno.test("SendHalf.onStopSending() resets with the same code and tells the application", () => {
  const { half, credit, seen } = make();
  half.write(pattern(4, 0, 5000));
  write(half, credit);
  half.onStopSending(55);
  half.onStopSending(66);
  assert.deepEqual([half.stopCode, half.resetCode], [55, 55]);
  assert.deepEqual(seen.calls, ["control", "writable"]);
  assert.equal(half.bytesQueued, 0);
});

Deno.test("SendHalf.writeFrames() sends what was lost before what is fresh, and FIN again", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 3000));
  half.finish();
  const one = write(half, credit);
  const two = write(half, credit);
  assert.deepEqual(frames(one), ["0+1196"]);
  one.lost();
  assert.deepEqual([half.bytesLost, half.bytesQueued], [1196, 610]);
  const three = write(half, credit);
  assert.deepEqual(frames(three), ["0+1196"]);
  const four = write(half, credit);
  assert.deepEqual(frames(four), ["2390+610 fin"]);
  four.lost();
  const five = write(half, credit);
  assert.deepEqual(frames(five), ["2390+610 fin"]);
  for (const sink of [five, two, three]) sink.acked();
  assert.equal(half.isDone, true);
  assert.equal(credit.used, 3000, "sending again needs no credit");
});

Deno.test("SendHalf.onFrameAcked() takes back what was lost when it arrives after all", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 1000));
  half.finish();
  const sink = write(half, credit);
  sink.lost();
  assert.equal(half.bytesLost, 1000);
  sink.acked();
  assert.equal(half.bytesLost, 0);
  assert.equal(half.isDone, true);
  assert.deepEqual(frames(write(half, credit)), []);
});

Deno.test("SendHalf.onFrameLost() does not resend what was acknowledged another way", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 1000));
  const one = write(half, credit);
  one.lost();
  const again = write(half, credit);
  one.acked();
  again.lost();
  assert.equal(half.bytesLost, 0);
  assert.deepEqual(frames(write(half, credit)), []);
});

Deno.test("SendHalf.writeCopy() makes loss of one copy harmless, loss of all copies not", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 1000));
  half.finish();
  const original = write(half, credit);
  const copies = [new TestSink(), new TestSink()];
  for (const copy of copies) assert.equal(half.writeCopy(copy, 0, 1000), 1000);
  assert.deepEqual(frames(copies[0]!), ["0+1000 fin"]);
  original.lost();
  copies[1]!.lost();
  assert.equal(half.bytesLost, 0);
  assert.equal(half.hasCreditFree, false);
  copies[0]!.lost();
  assert.equal(half.bytesLost, 1000);
  assert.deepEqual(frames(write(half, credit)), ["0+1000 fin"]);
});

Deno.test("SendHalf.writeCopy() keeps count of partly copied ranges", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 1000));
  const original = write(half, credit);
  half.writeCopy(new TestSink(), 200, 300);
  half.writeCopy(new TestSink(), 250, 400);
  original.lost();
  assert.equal(half.bytesLost, 800);
  assert.deepEqual(frames(write(half, credit)), ["0+200", "400+600"]);
  assert.equal(half.isInFlightOnce(200, 300), false, "the copies are under way as well");
  assert.equal(half.isInFlightOnce(400, 1000), true);
});

Deno.test("SendHalf.writeCopy() skips what is lost, acknowledged or never sent", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 400));
  const parts = [0, 1, 2, 3].map(() => write(half, credit, 104));
  half.write(pattern(4, 400, 400));
  parts[0]!.lost();
  parts[2]!.acked();
  const copy = new TestSink();
  half.writeCopy(copy, 0, 800);
  const sent = frames(parts[1]!)[0]!;
  assert.deepEqual(frames(copy), [sent, frames(parts[3]!)[0]!]);
  half.reset(1);
  assert.equal(half.writeCopy(copy, 0, 800), 0);
});

Deno.test("SendHalf.writeFrames() keeps to both limits and says once that it is blocked", () => {
  const { half, seen } = make(100);
  const credit = new SendLimit(60);
  half.write(pattern(4, 0, 300));
  assert.deepEqual(frames(write(half, credit)), ["0+60"]);
  assert.equal(credit.blockedPending, true);
  assert.deepEqual(frames(write(half, credit)), []);
  credit.raise(1000);
  assert.deepEqual(frames(write(half, credit)), ["60+40"]);
  assert.equal(half.hasFresh, false);
  assert.deepEqual(seen.calls, ["control"]);
  const told = new TestSink();
  half.writeControlFrames(told);
  assert.deepEqual(frames(told), ["blocked 100"]);
  half.write(pattern(4, 300, 10));
  assert.deepEqual(frames(write(half, credit)), []);
  told.lost();
  assert.deepEqual(frames(write(half, credit)), ["blocked 100"]);
  half.onMaxStreamData(99);
  assert.equal(half.limit.room, 0);
  half.onMaxStreamData(150);
  told.lost();
  assert.deepEqual(frames(write(half, credit)), ["100+50"]);
});

Deno.test("SendHalf.writeFrames() leaves no crumbs at the end of a packet but sends last bytes", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 500));
  assert.equal(half.writeFrames(new TestSink(20), credit), false);
  assert.deepEqual(frames(write(half, credit, 504)), ["0+500"]);
  half.write(pattern(4, 500, 3));
  assert.deepEqual(frames(write(half, credit, 10)), ["500+3"]);
  half.finish();
  for (let size = 0; size < 5; size++) {
    assert.equal(half.writeFrames(new TestSink(size), credit), false);
  }
  assert.deepEqual(frames(write(half, credit, 5)), ["503+0 fin"]);
});

Deno.test("SendHalf.restart() sends everything again from the start", () => {
  const { half, credit } = make(3000);
  half.write(pattern(4, 0, 2000));
  half.finish();
  const early = [write(half, credit), write(half, credit)];
  credit.restart(1e6);
  half.restart(1500);
  for (const sink of early) sink.lost();
  assert.deepEqual(frames(write(half, credit)), ["0+1196"]);
  assert.deepEqual(frames(write(half, credit)).slice(0, 1), ["1196+304"]);
  half.onMaxStreamData(5000);
  assert.deepEqual(frames(write(half, credit)), ["1500+500 fin"]);
  assert.equal(credit.used, 2000);
});

Deno.test("SendHalf.restart() sends once what was lost before", () => {
  const { half, credit } = make(3000);
  half.write(pattern(4, 0, 3000));
  const early = [write(half, credit), write(half, credit)];
  for (const sink of early) sink.lost();
  credit.restart(1e6);
  half.restart(3000);
  const again = [0, 1, 2].map(() => write(half, credit));
  assert.deepEqual(again.flatMap(frames), ["0+1196", "1196+1194", "2390+610"]);
  assert.equal(half.bytesQueued, 0);
  again[2]!.lost();
  assert.deepEqual(frames(write(half, credit)), ["2390+610"], "only what was lost since");
});

Deno.test("SendHalf.isWritable asks the application to pause and one event to go on", () => {
  const { half, credit, seen } = make(1e9);
  credit.raise(1e9);
  half.write(new Uint8Array(300_000));
  assert.equal(half.isWritable, false);
  for (let i = 0; i < 200; i++) write(half, credit);
  assert.deepEqual(seen.calls, ["writable"]);
  assert.equal(half.isWritable, true);
  half.finish();
  assert.throws(() => half.write(new Uint8Array(1)), TypeError);
});

Deno.test("SendHalf keeps little memory for small streams and returns what was acknowledged", () => {
  const { half, credit } = make(1e9);
  credit.raise(1e9);
  half.write(pattern(4, 0, 40));
  assert.ok(half.bytesHeld <= 512);
  half.write(new Uint8Array(10_000_000));
  let peak = 0;
  while (half.bytesQueued > 0) {
    write(half, credit).acked();
    peak = Math.max(peak, half.bytesHeld);
  }
  assert.ok(peak < 10_400_000);
  assert.ok(half.bytesHeld <= 65_536);
  assert.equal(half.acknowledgedTo, 10_000_040);
});

Deno.test("SendHalf records STREAM frames so that FIN can be told from data", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 10));
  assert.equal(write(half, credit).frames[0]!.kind, STREAM);
  half.finish();
  assert.equal(write(half, credit).frames[0]!.kind, STREAM | 1);
});

Deno.test("SendHalf.onFrameLost() leaves out what was acknowledged beyond a gap", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 3000));
  const sinks = [0, 1, 2].map(() => write(half, credit));
  const copy = new TestSink();
  half.writeCopy(copy, 1300, 1400);
  sinks[1]!.acked();
  copy.lost();
  assert.equal(half.bytesLost, 0);
  sinks[1]!.lost();
  assert.equal(half.bytesLost, 0);
  assert.equal(half.isInFlightOnce(1196, 2390), false);
  assert.equal(half.isInFlightOnce(1196, 3000), true);
});

Deno.test("SendHalf.growing asks what was announced before it looks at what waits", () => {
  const { half, credit } = make();
  half.write(pattern(4, 0, 200_000));
  assert.deepEqual([half.growing, half.bytesToCome], [true, 0], "who writes so much goes on");
  half.bytesToCome = 100_000;
  assert.deepEqual([half.growing, half.bytesToCome], [false, 100_000]);
  write(half, credit);
  half.write(pattern(4, 200_000, 100_000));
  assert.deepEqual([half.growing, half.bytesToCome], [false, 0]);
  half.write(pattern(4, 300_000, 1));
  assert.deepEqual([half.growing, half.bytesToCome], [true, 0], "it was not true");
});
