import assert from "node:assert/strict";
import {
  arrivalAt,
  deliverableBy,
  departAt,
  isOverdue,
  rateOf,
  toleranceOf,
  transitOf,
  waitsUntil,
} from "../../src/scheduler/forecast.ts";
import { Outlook } from "../../src/scheduler/outlook.ts";
import { contextOf, pathView } from "./views.ts";

Deno.test("rateOf() is what a path has shown, and never more than its window lets through", () => {
  assert.equal(rateOf(pathView(0, { deliveryRate: 100 })), 100);
  assert.equal(rateOf(pathView(0, { deliveryRate: 5_000 })), 12_000 / 20);
});

Deno.test("rateOf() counts on the double of a rate that doubles, within what the window allows", () => {
  const doubling = { doubles: true, inSlowStart: true };
  assert.equal(rateOf(pathView(0, { ...doubling, deliveryRate: 100 })), 200);
  assert.equal(rateOf(pathView(0, { ...doubling, deliveryRate: 500 })), 600);
  // A queue has made the round trip longer: the window allows less than was shown.
  const late = pathView(0, { ...doubling, deliveryRate: 500, minRtt: 20, smoothedRtt: 40 });
  assert.equal(rateOf(late), 500);
});

Deno.test("rateOf() of a path that has shown nothing is less than its window lets through", () => {
  const rate = rateOf(pathView(0, { deliveryRate: 0 }));
  assert.ok(rate > 0 && rate < 600, `${rate}`);
});

Deno.test("departAt() is now with room, at the next acknowledgement without", () => {
  assert.equal(departAt(pathView(0), 7), 7);
  assert.equal(departAt(pathView(0, { nextSendAt: 9 }), 7), 9);
  const full = { bytesInFlight: 12_000 };
  assert.equal(departAt(pathView(0, { ...full, nextAckAt: 15 }), 7), 15);
  assert.equal(departAt(pathView(0, { ...full, nextAckAt: 3 }), 7), 7);
  assert.equal(departAt(pathView(0, full), 7), 27, "a round trip, if none is expected");
  assert.equal(departAt(pathView(0, { ...full, nextAckAt: 15, nextSendAt: 16 }), 7), 16);
});

Deno.test("transitOf() is half a round trip, and the queue in front", () => {
  assert.equal(transitOf(pathView(0, { smoothedRtt: 30, minRtt: 20 })), 10);
  const queued = { deliveryRate: 100, bytesInFlight: 6_000 };
  assert.equal(transitOf(pathView(0, queued)), 50, "60 ms to drain, less 10 of the way back");
});

Deno.test("arrivalAt() adds departure, length and transit", () => {
  assert.equal(arrivalAt(pathView(0, { deliveryRate: 100 }), 1_200, 5), 5 + 12 + 10);
});

Deno.test("deliverableBy() is nothing before a first byte could arrive, then goes by the rate", () => {
  const path = pathView(0, { deliveryRate: 100 });
  assert.equal(deliverableBy(path, 15, 5), 0);
  assert.equal(deliverableBy(path, 25, 5), 1_000);
});

Deno.test("A path without room is overdue when its answer is later than what is tolerated", () => {
  const path = pathView(0, { bytesInFlight: 12_000, nextAckAt: 10, rttVariation: 1 });
  assert.equal(toleranceOf(path), 4);
  assert.equal(toleranceOf(pathView(0, { smoothedRtt: 80 })), 10);
  const limit = 10 + 4 + 2 * 1_200 / 600;
  assert.equal(isOverdue(path, limit), false);
  assert.equal(isOverdue(path, limit + 0.1), true);
  assert.equal(isOverdue(pathView(0), 1e9), false, "it has room");
  assert.equal(waitsUntil(path, 0), limit);
  assert.equal(waitsUntil(pathView(0, { nextSendAt: 3 }), 0), 3);
});

Deno.test("Outlook waits for the path of those without room that would bring it first", () => {
  const outlook = new Outlook();
  const full = { bytesInFlight: 12_000, nextAckAt: 1 };
  const slow = pathView(0, { smoothedRtt: 900 });
  const soon = pathView(1, { smoothedRtt: 40, ...full });
  const sooner = pathView(2, { smoothedRtt: 20, ...full });
  for (const paths of [[slow, soon, sooner], [slow, sooner, soon], [sooner, soon, slow]]) {
    outlook.survey(paths, contextOf());
    assert.equal(outlook.best, slow);
    assert.equal(outlook.faster, sooner);
    assert.equal(outlook.patience, waitsUntil(sooner, 0));
  }
  outlook.survey([slow], contextOf());
  assert.equal(outlook.faster, undefined);
  outlook.survey([sooner], contextOf());
  assert.equal(outlook.best, undefined);
});
