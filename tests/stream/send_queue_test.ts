import assert from "node:assert/strict";
import {
  priorityOrder,
  roundRobinOrder,
  type StreamOrder,
  strictPriorityOrder,
  urgencyOrder,
} from "../../src/scheduler/stream_order.ts";
import { RESET_STREAM } from "../../src/frame/stream_control.ts";
import { SentFrame } from "../../src/frame/sent_frame.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import type { SendHalf } from "../../src/stream/send_half.ts";
import { StreamSet } from "../../src/stream/stream_set.ts";
import { deliver, TestSink } from "./sink.ts";
import { threadTime } from "../thread_time.ts";

function make(order: StreamOrder, count: number): { set: StreamSet; halves: SendHalf[] } {
  const set = new StreamSet({
    role: "client",
    order,
    maxBidirectionalStreams: 0,
    maxUnidirectionalStreams: 0,
    connectionWindow: 0,
    maxConnectionWindow: 0,
    streamWindow: 0,
    maxStreamWindow: 0,
  });
  set.setPeerLimits({
    initialMaxData: 1e9,
    initialMaxStreamDataBidiLocal: 1e9,
    initialMaxStreamDataBidiRemote: 1e9,
    initialMaxStreamDataUni: 1e9,
    initialMaxStreamsBidi: count,
    initialMaxStreamsUni: 0,
  });
  return { set, halves: Array.from({ length: count }, () => set.open(Kind.Bidirectional)!.send!) };
}

/** The streams in the next `count` packets; "+" joins those in one packet. */
function served(set: StreamSet, count: number): string[] {
  return Array.from({ length: count }, () => {
    const sink = new TestSink();
    set.writeStreamFrames(sink);
    const ids: number[] = [];
    deliver(sink.bytes, { onStream: (id) => ids.push(id) });
    return ids.join("+");
  });
}

function fill(halves: SendHalf[], length = 6000): void {
  for (const half of halves) half.write(new Uint8Array(length));
}

Deno.test("roundRobinOrder serves streams in turn; a new one queues behind those that wait", () => {
  const { set, halves } = make(roundRobinOrder, 4);
  fill(halves.slice(0, 3));
  assert.deepEqual(served(set, 5), ["0", "4", "8", "0", "4"]);
  fill(halves.slice(3));
  assert.deepEqual(served(set, 4), ["8", "0", "4", "12"]);
});

Deno.test("priorityOrder shares among equals and prefers a higher sendOrder at once", () => {
  const { set, halves } = make(priorityOrder, 3);
  fill(halves);
  assert.deepEqual(served(set, 2), ["0", "4"]);
  halves[2]!.sendOrder = 1;
  assert.deepEqual(served(set, 2), ["8", "8"]);
  halves[0]!.sendOrder = 1;
  assert.deepEqual(served(set, 4), ["0", "8", "0", "8"]);
  halves[2]!.sendOrder = -1;
  assert.deepEqual(served(set, 2), ["0", "0"]);
});

Deno.test("strictPriorityOrder completes one stream after the other without waiting for any", () => {
  const { set, halves } = make(strictPriorityOrder, 3);
  halves[2]!.sendOrder = 9;
  fill(halves, 3000);
  assert.deepEqual(served(set, 3), ["8", "8", "8+0"]);
  assert.deepEqual(served(set, 1), ["0"]);
  fill([halves[2]!], 100);
  assert.deepEqual(served(set, 2), ["8+0", "0+4"]);
});

Deno.test("urgencyOrder follows RFC 9218: urgency, then one by one, then incremental in turn", () => {
  const { set, halves } = make(urgencyOrder, 5);
  const [s0, s4, s8, s12, s16] = halves as [SendHalf, SendHalf, SendHalf, SendHalf, SendHalf];
  s4.incremental = s12.incremental = true;
  s16.urgency = 1;
  fill([s4, s12]);
  assert.deepEqual(served(set, 1), ["4"]); // the cursor stands at 4
  fill([s8, s16, s0]);
  assert.deepEqual(set.views.map((view) => view.id), [16, 0, 8, 12, 4]);
  s12.urgency = 0;
  assert.deepEqual(set.views.map((view) => view.id), [12, 16, 0, 8, 4]);
});

Deno.test("SendQueue follows an order that looks at what is left", () => {
  const { set, halves } = make((a, b) => a.bytesQueued - b.bytesQueued, 3);
  halves.forEach((half, i) => half.write(new Uint8Array([5000, 2000, 9000][i]!)));
  assert.deepEqual(served(set, 3), ["4", "4+0", "0"]);
  set.queue.setOrder(roundRobinOrder);
  assert.deepEqual(served(set, 1), ["8"]);
});

Deno.test("SendQueue stays sorted whatever happens to the streams", () => {
  for (const order of [roundRobinOrder, priorityOrder, strictPriorityOrder, urgencyOrder]) {
    const { set, halves } = make(order, 40);
    let seed = 5;
    const chance = (below: number) => (seed = (seed * 16807) % 2147483647) % below;
    const air: TestSink[] = [];
    for (let i = 0; i < 4000; i++) {
      const half = halves[chance(40)]!;
      const dice = chance(10);
      if (dice < 3) half.write(new Uint8Array(chance(3000)));
      else if (dice === 3) half.sendOrder = chance(3);
      else if (dice === 4) half.urgency = chance(8);
      else if (dice === 5) half.incremental = chance(2) === 0;
      else if (dice === 6 && air.length > 0) air.splice(chance(air.length), 1)[0]!.lost();
      else if (dice === 7 && air.length > 0) air.splice(chance(air.length), 1)[0]!.acked();
      else {
        const sink = new TestSink();
        if (set.writeStreamFrames(sink)) air.push(sink);
      }
      const { views } = set;
      for (let k = 1; k < views.length; k++) {
        const [a, b] = [views[k - 1]!, views[k]!];
        assert.ok((order(a, b) || a.id - b.id) < 0, order.name);
      }
      const wanted = halves.filter((one) => one.bytesLost + one.bytesQueued > 0).length;
      assert.equal(views.length, wanted);
    }
  }
});

Deno.test("SendQueue serves 2,000 pending streams at little cost per packet", () => {
  const { set, halves } = make(roundRobinOrder, 2000);
  fill(halves, 12_000);
  const sink = new TestSink();
  const start = threadTime();
  for (let i = 0; i < 20_000; i++) {
    sink.writer.offset = 0;
    sink.frames.length = 0;
    assert.equal(set.writeStreamFrames(sink), true);
  }
  const each = (threadTime() - start) * 1000 / 20_000;
  assert.ok(each < 100, `${each} microseconds a packet`); // about 2 on an idle machine
  const turns = halves.map((half) => 12_000 - half.bytesQueued);
  assert.ok(Math.max(...turns) - Math.min(...turns) < 50, "all got their share");
});

Deno.test("SendQueue follows streams that begin to depend on others, and their ends", () => {
  const { set, halves } = make(strictPriorityOrder, 4);
  const [a, b, c, d] = halves as [SendHalf, SendHalf, SendHalf, SendHalf];
  const order = () => set.views.map(({ id }) => id);
  for (const half of halves) half.write(new Uint8Array(10));
  d.sendOrder = 5;
  assert.deepEqual(order(), [12, 0, 4, 8]);
  a.dependsOn = c;
  c.dependsOn = d;
  assert.deepEqual(order(), [12, 8, 0, 4], "and what depends on it moves with it");
  assert.throws(() => (d.dependsOn = a), RangeError);
  assert.throws(() => (d.dependsOn = d), RangeError);
  b.sendOrder = 9;
  assert.deepEqual(order(), [4, 12, 8, 0]);
  c.reset(1);
  c.onFrameAcked(new SentFrame(c, RESET_STREAM, 0, 0));
  assert.ok(c.isDone);
  assert.equal(a.dependsOn, d, "what depended on it depends on what it depended on");
  assert.deepEqual(order(), [4, 12, 0]);
  d.dependsOn = undefined;
  a.dependsOn = undefined;
  assert.equal(d.hasDependents, false);
  assert.deepEqual(order(), [4, 12, 0]);
});

Deno.test("SendQueue.stalled tells whether the peer's windows let a stream send nothing new", () => {
  const { set, halves } = make(roundRobinOrder, 2);
  const [half, other] = halves as [SendHalf, SendHalf];
  const { queue } = set;
  assert.equal(queue.stalled, false);
  half.write(new Uint8Array(1000));
  assert.equal(queue.stalled, false, "it may send");
  half.limit.restart(0);
  queue.update(half);
  assert.equal(queue.stalled, true, "its own window is used up");
  other.write(new Uint8Array(1000));
  assert.equal(queue.stalled, true, "whatever others may do");
  half.onMaxStreamData(2000);
  assert.equal(queue.stalled, false);
  half.reset(7);
  set.credit.send.use(set.credit.send.room);
  assert.equal(queue.stalled, true, "the connection's window is used up");
  other.reset(7);
  assert.equal(queue.stalled, false, "no stream waits for it");
});
