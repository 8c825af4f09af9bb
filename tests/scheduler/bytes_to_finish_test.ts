import assert from "node:assert/strict";
import { firstBeyond, GrowthCounts, takeTurns } from "../../src/scheduler/bytes_to_finish.ts";
import {
  priorityOrder,
  roundRobinOrder,
  type StreamOrder,
  type StreamView,
  strictPriorityOrder,
  urgencyOrder,
} from "../../src/scheduler/stream_order.ts";
import { streamView } from "./views.ts";

/** What each stream needs: the least capacity with which it is not the first beyond. */
function needs(streams: readonly StreamView[], order: StreamOrder): number[] {
  const list: number[] = [];
  for (let capacity = 0; capacity < 20_000; capacity++) {
    const first = firstBeyond(streams, order, capacity, GrowthCounts.AsReady);
    while (list.length < (first < 0 ? streams.length : first)) list.push(capacity);
  }
  return list;
}

Deno.test("firstBeyond() counts what comes before a stream, as the design's vector says", () => {
  const streams = [
    streamView(4, 1_000, { urgency: 1 }),
    streamView(0, 2_000),
    streamView(8, 3_000),
  ];
  assert.deepEqual(needs(streams, urgencyOrder), [1_000, 3_000, 6_000]);
});

Deno.test("firstBeyond() counts the shares of streams that take turns", () => {
  const streams = [
    streamView(0, 2_000, { urgency: 1 }),
    streamView(4, 1_500, { incremental: true }),
    streamView(8, 5_000, { incremental: true }),
  ];
  // The second is done when the third has sent 1500 - 1200; the third after both.
  assert.deepEqual(needs(streams, urgencyOrder), [2_000, 3_800, 8_500]);
  // In turn, each of two equals waits for all but the last turn of the other.
  const equals = [streamView(0, 4_000), streamView(4, 4_000)];
  assert.deepEqual(needs(equals, roundRobinOrder), [6_800, 6_800]);
});

Deno.test("firstBeyond() takes a growing stream to be endless if told so", () => {
  const streams = [streamView(0, 10, { growing: true }), streamView(4, 10)];
  assert.equal(firstBeyond(streams, strictPriorityOrder, 1e9, GrowthCounts.AsLong), 0);
  assert.equal(firstBeyond(streams, strictPriorityOrder, 1e9, GrowthCounts.AsReady), -1);
});

Deno.test("firstBeyond() looks at no more streams than fit", () => {
  const streams = Array.from({ length: 10_000 }, (_, i) => streamView(4 * i, 1_000));
  let asked = 0;
  const counting: StreamOrder = (a, b) => {
    asked++;
    return urgencyOrder(a, b);
  };
  assert.equal(firstBeyond(streams, counting, 5_500, GrowthCounts.AsReady), 5);
  assert.ok(asked <= 2 * 6, `compared ${asked} times`);
  asked = 0;
  const turns: StreamOrder = (a, b) => (asked++, a.turn - b.turn);
  assert.equal(firstBeyond(streams, turns, 5_500, GrowthCounts.AsReady) >= 0, true);
  assert.ok(asked <= 2 * 10_000 / 32, `compared ${asked} times`);
});

Deno.test("takeTurns() tells from the order whether streams share alike", () => {
  const a = streamView(0, 1);
  const b = streamView(4, 1);
  assert.equal(takeTurns(roundRobinOrder, a, b), true);
  assert.equal(takeTurns(strictPriorityOrder, a, b), false);
  assert.equal(takeTurns(priorityOrder, a, b), true);
  assert.equal(takeTurns(priorityOrder, a, streamView(4, 1, { sendOrder: 1 })), false);
  assert.equal(takeTurns(urgencyOrder, a, b), false);
  const incremental = { incremental: true };
  assert.equal(takeTurns(urgencyOrder, streamView(0, 1, incremental), b), false);
  assert.equal(
    takeTurns(urgencyOrder, streamView(0, 1, incremental), streamView(4, 1, incremental)),
    true,
  );
  const shortestFirst: StreamOrder = (x, y) => x.bytesQueued - y.bytesQueued || x.turn - y.turn;
  assert.equal(takeTurns(shortestFirst, a, b), true);
  assert.equal(takeTurns(() => 0, a, b), false, "it decides nothing");
  // Whatever else streams differ in, an order that looks at it takes no turns.
  const differences: Partial<StreamView>[] = [
    { id: 4 },
    { sendOrder: 1 },
    { urgency: 4 },
    { incremental: true },
    { bytesSent: 1 },
    { bytesQueued: 2 },
    { bytesLost: 1 },
    { credit: 2e9 },
    { growing: true },
    { bytesToCome: 1 },
    { dependsOn: a },
  ];
  const plain = streamView(0, 1, { bytesSent: 0, bytesToCome: 0 });
  for (const difference of differences) {
    const [name] = Object.keys(difference) as [keyof StreamView];
    const rank = (view: StreamView) => view[name] === plain[name] ? 0 : 1;
    const order: StreamOrder = (a, b) => rank(a) - rank(b) || a.turn - b.turn;
    assert.equal(takeTurns(order, plain, { ...plain, ...difference }), false, name);
    assert.equal(takeTurns(order, plain, { ...plain }), true, name);
  }
  assert.equal(takeTurns(shortestFirst, a, streamView(4, 2)), false);
});

Deno.test("firstBeyond() expects of a growing stream as much again as has come of it", () => {
  const stream = streamView(0, 10, { growing: true, bytesSent: 500 });
  assert.equal(firstBeyond([stream], strictPriorityOrder, 509, GrowthCounts.AsLong), 0);
  assert.equal(firstBeyond([stream], strictPriorityOrder, 510, GrowthCounts.AsLong), -1);
  assert.equal(firstBeyond([stream], strictPriorityOrder, 10, GrowthCounts.AsReady), -1);
});

Deno.test("firstBeyond() counts what was announced, unless a path has no use for it", () => {
  const stream = streamView(0, 10, { bytesToCome: 500, bytesSent: 7_000 });
  for (const [capacity, first] of [[509, 0], [510, -1]] as const) {
    assert.equal(firstBeyond([stream], urgencyOrder, capacity, GrowthCounts.AsLong), first);
  }
  assert.equal(firstBeyond([stream], urgencyOrder, 10, GrowthCounts.AsReady), -1);
});
