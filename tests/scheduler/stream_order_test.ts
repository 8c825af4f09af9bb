import assert from "node:assert/strict";
import {
  priorityOrder,
  roundRobinOrder,
  type StreamOrder,
  type StreamView,
  strictPriorityOrder,
  urgencyOrder,
} from "../../src/scheduler/stream_order.ts";

function view(id: number, more: Partial<StreamView> = {}): StreamView {
  const rest = { sendOrder: 0, urgency: 3, incremental: false, bytesQueued: 1, bytesLost: 0 };
  return { id, ...rest, credit: 1, growing: false, turn: 0, ...more };
}

function ids(views: StreamView[], order: StreamOrder): number[] {
  return views.toSorted(order).map(({ id }) => id);
}

Deno.test("urgencyOrder gives the order of the design's test vector", () => {
  // The cursor stands at 4: stream 4 was served last, 12 not yet.
  const views = [
    view(8),
    view(4, { incremental: true, turn: 1 }),
    view(12, { incremental: true }),
    view(16, { urgency: 1 }),
    view(0),
  ];
  assert.deepEqual(ids(views, urgencyOrder), [16, 0, 8, 12, 4]);
  assert.deepEqual(ids(views.toReversed(), urgencyOrder), [16, 0, 8, 12, 4]);
});

Deno.test("roundRobinOrder looks at turns only", () => {
  const views = [view(0, { turn: 3, sendOrder: 9 }), view(4, { turn: 1 }), view(8, { turn: 2 })];
  assert.deepEqual(ids(views, roundRobinOrder), [4, 8, 0]);
});

Deno.test("priorityOrder and strictPriorityOrder differ among streams of equal sendOrder", () => {
  const views = [
    view(0, { turn: 5, sendOrder: 1 }),
    view(4, { turn: 4, sendOrder: 1 }),
    view(8, { turn: 9, sendOrder: 2 }),
    view(12, { sendOrder: -1 }),
  ];
  assert.deepEqual(ids(views, priorityOrder), [8, 4, 0, 12]);
  assert.deepEqual(ids(views, strictPriorityOrder), [8, 0, 4, 12]);
});

Deno.test("Stream orders are orders: antisymmetric and transitive", () => {
  const views: StreamView[] = [];
  for (let i = 0; i < 24; i++) {
    const { sendOrder, urgency } = { sendOrder: i % 3, urgency: i % 2 };
    views.push(view(i * 4, { sendOrder, urgency, incremental: i % 4 < 2, turn: (i * 7) % 5 }));
  }
  for (const order of [roundRobinOrder, priorityOrder, strictPriorityOrder, urgencyOrder]) {
    for (const a of views) {
      for (const b of views) {
        assert.equal(Math.sign(order(a, b)) + Math.sign(order(b, a)), 0);
        for (const c of views) {
          if (order(a, b) <= 0 && order(b, c) <= 0) assert.ok(order(a, c) <= 0, order.name);
        }
      }
    }
  }
});

Deno.test("strictPriorityOrder serves what depends on a stream right behind it", () => {
  const html = view(8, { sendOrder: 1 });
  const css = view(4, { dependsOn: html });
  const image = view(0, { sendOrder: 5, dependsOn: css });
  const script = view(16, { sendOrder: 2, dependsOn: html });
  const other = view(12);
  const first = view(20, { sendOrder: 9 });
  const views = [image, css, html, other, script, first];
  const expected = [20, 8, 16, 4, 0, 12];
  assert.deepEqual(ids(views, strictPriorityOrder), expected);
  assert.deepEqual(ids(views.toReversed(), strictPriorityOrder), expected);
  // What has nothing to send is left out, and holds up no other.
  assert.deepEqual(ids([image, other, script], strictPriorityOrder), [16, 0, 12]);
});

Deno.test("strictPriorityOrder with dependencies is an order", () => {
  const views: StreamView[] = [];
  for (let i = 0; i < 30; i++) {
    const dependsOn = i % 3 === 0 ? undefined : views[(i * 7) % i];
    views.push(view(i * 4, { sendOrder: (i * 5) % 4, dependsOn }));
  }
  for (const a of views) {
    for (const b of views) {
      const sign = Math.sign(strictPriorityOrder(a, b));
      assert.equal(sign + Math.sign(strictPriorityOrder(b, a)), 0);
      assert.equal(sign === 0, a === b);
      for (const c of views) {
        if (sign < 0 && strictPriorityOrder(b, c) < 0) assert.ok(strictPriorityOrder(a, c) < 0);
      }
    }
  }
});
