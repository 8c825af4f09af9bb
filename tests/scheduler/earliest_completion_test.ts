import assert from "node:assert/strict";
import { earliestCompletion } from "../../src/scheduler/earliest_completion.ts";
import type { PathView } from "../../src/scheduler/scheduler.ts";
import { urgencyOrder } from "../../src/scheduler/stream_order.ts";
import { contextOf, pathView, streamView } from "./views.ts";

/** When that answer would be late: an eighth of the round trip and two datagrams after its time. */
const LATE = 5 + 20 / 8 + 2 * 1_200 / 600;
/** 20 ms, its window full until 5 ms from now. */
const fast = pathView(0, { bytesInFlight: 12_000, nextAckAt: 5 });
/** 200 ms, idle. */
const slow = pathView(1, { smoothedRtt: 200 });
const paths = [fast, slow];

Deno.test("earliestCompletion() waits exactly as long as the fast path finishes first", () => {
  // 5 + k / 600 + 10 against 1200 / 60 + 100 ms.
  const short = earliestCompletion(paths, [streamView(0, 63_000)], contextOf());
  assert.equal(short?.path, undefined);
  assert.equal(short?.until, LATE);
  const long = earliestCompletion(paths, [streamView(0, 63_001)], contextOf());
  assert.equal(long?.path, slow);
  assert.equal(long?.streams, undefined, "all streams may fill the datagram");
});

Deno.test("earliestCompletion() passes over a stream that waits", () => {
  const urgent = streamView(4, 1_000, { urgency: 0 });
  const bulk = streamView(0, 1_000_000, { urgency: 7 });
  const answer = earliestCompletion(paths, [urgent, bulk], contextOf());
  assert.equal(answer?.path, slow);
  assert.deepEqual(answer?.streams, [bulk]);
});

Deno.test("earliestCompletion() adds streams until the datagram is full", () => {
  const streams = [
    streamView(0, 63_000, { urgency: 0 }),
    streamView(4, 100, { urgency: 1 }),
    streamView(8, 900, { urgency: 2 }),
    streamView(12, 500),
    streamView(16, 500),
  ];
  const answer = earliestCompletion(paths, streams, contextOf());
  assert.deepEqual(answer?.streams?.map(({ id }) => id), [4, 8, 12]);
});

Deno.test("earliestCompletion() waits no longer for a path whose acknowledgement is late", () => {
  const answer = earliestCompletion(paths, [streamView(0, 1_000)], contextOf({ now: 50 }));
  assert.equal(answer?.path, slow);
});

Deno.test("earliestCompletion() prefers the path where a datagram arrives first", () => {
  const idle = pathView(0, { smoothedRtt: 60 });
  const queued = pathView(1, {
    smoothedRtt: 50,
    minRtt: 30,
    bytesInFlight: 10_000,
    deliveryRate: 100,
  });
  // 30 + 60 against 12 + max(15, 100 - 15) ms, the queue included.
  assert.equal(earliestCompletion([idle, queued], [streamView(0, 1e6)], contextOf())?.path, idle);
});

Deno.test("earliestCompletion() sends control frames at once", () => {
  assert.equal(earliestCompletion(paths, [], contextOf())?.path, slow);
});

Deno.test("earliestCompletion() has no answer when no path has room", () => {
  assert.equal(earliestCompletion([fast], [streamView(0, 1)], contextOf()), undefined);
  assert.equal(earliestCompletion([], [streamView(0, 1)], contextOf()), undefined);
});

Deno.test("earliestCompletion() takes a growing stream to be endless while a path has use for it", () => {
  const growing = streamView(0, 50_000, { growing: true });
  assert.equal(earliestCompletion(paths, [growing], contextOf())?.path, slow);
  // The slow path has more in flight than it can use: 1.5 * 60 * 200 + 4 * 1200 bytes.
  const full = pathView(1, {
    smoothedRtt: 200,
    congestionWindow: 100_000,
    bytesInFlight: 40_000,
    deliveryRate: 60,
  });
  assert.equal(earliestCompletion([fast, full], [growing], contextOf())?.path, undefined);
});

Deno.test("earliestCompletion() lets a window grow on that has met no queue", () => {
  const growing = streamView(0, 50_000, { growing: true });
  const view = { congestionWindow: 100_000, bytesInFlight: 40_000, deliveryRate: 60 };
  const ask = (more: Partial<PathView>) =>
    earliestCompletion([fast, pathView(1, { smoothedRtt: 200, ...view, ...more })], [growing], {
      ...contextOf(),
    })?.path?.id;
  // By its rate it is full; but the rate is that of the window before.
  assert.equal(ask({ inSlowStart: true }), 1);
  assert.equal(ask({ inSlowStart: true, minRtt: 160 }), undefined, "with a queue it is full");
  assert.equal(ask({ inSlowStart: false }), undefined, "and when the window no longer doubles");
});

Deno.test("earliestCompletion() counts on what acknowledgements under way will let leave", () => {
  // 20 ms, and 8 000 bytes will be acknowledged within 2 ms: 16 000 leave by then.
  const burst = pathView(0, {
    bytesInFlight: 20_000,
    congestionWindow: 20_000,
    nextAckAt: 1,
    inSlowStart: true,
    doubles: true,
    deliveryRate: 500,
    answeredBy: (time) => time >= 2 ? 8_000 : 0,
  });
  const other = pathView(1, { smoothedRtt: 34 });
  const ask = (bytes: number) =>
    earliestCompletion([burst, other], [streamView(0, bytes)], contextOf())?.path;
  assert.equal(ask(16_000), undefined);
  assert.equal(ask(16_001), other);
});

Deno.test("earliestCompletion() keeps credit for the fast path, but lost bytes need none", () => {
  const credit = 40_000; // 1.2 * 600 * (120 + 10) would be used up meanwhile
  const fresh = streamView(0, 1e6);
  assert.equal(earliestCompletion(paths, [fresh], contextOf({ credit }))?.path, undefined);
  const lost = streamView(4, 1e6, { bytesLost: 5_000 });
  const answer = earliestCompletion(paths, [fresh, lost], contextOf({ credit }));
  assert.equal(answer?.path, slow);
  assert.deepEqual(answer?.streams, [lost]);
  // The same when it is the stream that has little credit.
  const limited = streamView(0, 1e6, { credit: 70_000 });
  assert.equal(earliestCompletion(paths, [limited], contextOf())?.path, undefined);
});

Deno.test("earliestCompletion() goes on waiting a little longer than it would begin to", () => {
  const jittery = pathView(1, { smoothedRtt: 200, rttVariation: 40 });
  const streams = [streamView(0, 66_000)]; // 10 ms more than 63_000 allow 6_000 more
  const ask = (waiting: boolean) =>
    earliestCompletion([fast, jittery], streams, contextOf({ waiting }))?.path;
  assert.equal(ask(false), jittery);
  assert.equal(ask(true), undefined);
});

Deno.test("earliestCompletion() shares a fast path among three of which two are blocked", () => {
  const third = pathView(2, { smoothedRtt: 40, bytesInFlight: 12_000, nextAckAt: 15 });
  // 600 B/ms from 15 ms on, and 300 B/ms from 35 ms on, until 120 ms.
  const both = 600 * 105 + 300 * 85;
  const ask = (bytes: number) =>
    earliestCompletion([fast, slow, third], [streamView(0, bytes)], contextOf())?.path;
  assert.equal(ask(both), undefined);
  assert.equal(ask(both + 1), slow);
});

Deno.test("earliestCompletion() does not depend on earlier answers", () => {
  const streams = [streamView(4, 1_000, { urgency: 0 }), streamView(0, 1e6, { urgency: 7 })];
  const first = { ...earliestCompletion(paths, streams, contextOf()) };
  const names = first.streams?.map(({ id }) => id);
  earliestCompletion([slow], [streamView(8, 10)], contextOf());
  const second = earliestCompletion(paths, streams.toSorted(urgencyOrder), contextOf());
  assert.equal(second?.path, first.path);
  assert.deepEqual(second?.streams?.map(({ id }) => id), names);
});

Deno.test("earliestCompletion() lets an answer take the way of its question, and acknowledge it", () => {
  const best = pathView(0, { rttVariation: 2 });
  const asked = pathView(1, { smoothedRtt: 24, owesAck: true, deliveryRate: 0 });
  const answer = (paths: readonly PathView[], bytes = 1_000) =>
    earliestCompletion(paths, [streamView(0, bytes)], contextOf())?.path;
  assert.equal(answer([best, asked]), asked);
  assert.equal(answer([best, { ...asked, owesAck: false }]), best, "nothing is acknowledged");
  const both = { ...best, owesAck: true };
  assert.equal(answer([both, asked]), both, "each has something to acknowledge");
  const slower = pathView(1, { smoothedRtt: 24.1, owesAck: true });
  assert.equal(answer([best, slower]), best, "that would be later than the best path ever is");
  const busy = { ...asked, bytesInFlight: 100 };
  assert.equal(answer([best, busy]), best, "more than a question is under way");
  assert.equal(answer([best, asked], 1_201), best, "it is more than a datagram");
});
