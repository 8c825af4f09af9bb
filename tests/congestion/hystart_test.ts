import assert from "node:assert/strict";
import { HyStart } from "../../src/congestion/hystart.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import type { CongestionController } from "../../src/congestion/controller.ts";
import { DATAGRAM, Flow, Link, megabits, Timeline } from "./bottleneck.ts";
import { options } from "./drive.ts";

/** One round of ten samples. */
function round(hystart: HyStart, start: number, rtt: (i: number) => number): void {
  for (let i = 0; i < 10; i++) {
    hystart.growth(1000, start - 100 + i); // sent in the round before
    hystart.onAckProcessed(rtt(i), start + i);
  }
}

Deno.test("HyStart grows by all that is acknowledged while round-trip times stay", () => {
  const hystart = new HyStart();
  for (let i = 0; i < 20; i++) round(hystart, 100 * i, (j) => 40 + (j % 4));
  assert.ok(!hystart.isConservative && !hystart.isDone);
  assert.equal(hystart.growth(1000, 5000), 1000);
});

Deno.test("HyStart grows by a quarter after a rise of an eighth, and ends within five rounds", () => {
  const hystart = new HyStart();
  round(hystart, 100, () => 80);
  round(hystart, 200, () => 80);
  round(hystart, 300, () => 91);
  assert.ok(hystart.isConservative);
  assert.equal(hystart.growth(1000, 310), 250);
  for (let i = 4; i < 7; i++) round(hystart, 100 * i, () => 92);
  assert.ok(!hystart.isDone);
  for (let i = 7; i < 9; i++) round(hystart, 100 * i, () => 92);
  assert.ok(hystart.isDone);
});

Deno.test("HyStart takes up slow start again when the rise was jitter", () => {
  const hystart = new HyStart();
  round(hystart, 100, () => 80);
  round(hystart, 200, () => 80);
  round(hystart, 300, () => 91);
  assert.ok(hystart.isConservative);
  round(hystart, 400, () => 80);
  round(hystart, 500, () => 80);
  assert.ok(!hystart.isConservative && !hystart.isDone);
  assert.equal(hystart.growth(1000, 510), 1000);
});

Deno.test("HyStart does not take a queue that drains between two flights for jitter", () => {
  const hystart = new HyStart();
  round(hystart, 100, () => 80);
  for (let i = 2; i < 7; i++) {
    // The first samples of a round meet the queue that the silence before it has left empty.
    for (let j = 0; j < 20; j++) hystart.onAckProcessed(j < 10 ? 80 : 91, 100 * i + j);
    assert.ok(!hystart.isDone);
    assert.ok(hystart.isConservative, `round ${i}`);
    hystart.growth(1000, 100 * i + 20);
    hystart.onAckProcessed(91, 100 * i + 20);
  }
  assert.ok(hystart.isDone);
});

Deno.test("HyStart is not moved by a single late acknowledgement, nor by rises below 4 ms", () => {
  const hystart = new HyStart();
  for (let i = 0; i < 20; i++) round(hystart, 100 * i, (j) => j === 5 ? 500 : 10 + i % 2 * 3);
  assert.ok(!hystart.isConservative && !hystart.isDone);
});

/** Losses of CUBIC in the first three seconds. */
function lossesAtStart(rate: number, rtt: number, hasHyStart: "with" | "without"): number {
  const timeline = new Timeline();
  const link = new Link(timeline, { rate, queue: rate * rtt });
  const flow = new Flow(timeline, link, {
    control: hasHyStart === "with" ? cubic : () => withoutHyStart(),
    rtt,
    ackEvery: 2,
  });
  timeline.run(3000);
  return flow.lost;
}

function withoutHyStart(): CongestionController {
  const controller = cubic({ ...options(), maxDatagramSize: DATAGRAM });
  controller.onAckProcessed = () => {};
  return controller;
}

Deno.test("HyStart leaves slow start before a queue of one BDP overflows", () => {
  for (const [mbps, rtt] of [[10, 44], [10, 104], [50, 44]] as const) {
    const without = lossesAtStart(megabits(mbps), rtt, "without");
    const kept = lossesAtStart(megabits(mbps), rtt, "with");
    assert.ok(without > 50, `${without} losses without`);
    assert.ok(kept <= without / 10, `${mbps} Mbit/s, ${rtt} ms: ${kept} losses of ${without}`);
  }
});
