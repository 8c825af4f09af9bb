import assert from "node:assert/strict";
import type { CongestionController, RttView } from "../../src/congestion/controller.ts";
import { bbr } from "../../src/congestion/bbr.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import { DeliveryRate } from "../../src/congestion/delivery_rate.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import { options, packet, SIZE } from "./drive.ts";

/** Least round-trip time in ms. */
const LEAST = 40;

/** Slow start over a growing queue, each round adding to it, until the controller leaves it. */
function windowAfterSlowStart(controller: CongestionController, rate: number): [number, number] {
  const sample = new DeliveryRate();
  sample.rate = rate;
  let before = 0;
  let now = 0;
  for (let round = 0; controller.inSlowStart && round < 12; round++) {
    const flight = Math.floor(controller.window / SIZE);
    const packets = Array.from({ length: flight }, () => packet(now));
    packets.forEach((sent, i) => controller.onSent(sent, (i + 1) * SIZE, now));
    const queue = 10 * Math.max(0, round - 3);
    now += LEAST + queue;
    const latest = LEAST + queue;
    const rtt: RttView = { latest, smoothed: latest, variation: 0, min: LEAST };
    for (const sent of packets) {
      if (!controller.inSlowStart) break;
      before = controller.window;
      controller.onAcked(sent, rtt, 0, now);
      controller.onAckProcessed(sample, rtt, 0, now);
    }
  }
  assert.ok(!controller.inSlowStart, "slow start ended");
  return [before, controller.window];
}

for (const control of [cubic, newReno]) {
  Deno.test(`${control.name}() leaves slow start with less than two bandwidth-delay products`, () => {
    const [before, window] = windowAfterSlowStart(control(options()), 1_000);
    assert.ok(before > 100_000, `${before}`);
    assert.equal(window, 1.6 * 1_000 * LEAST);
  });

  Deno.test(`${control.name}() leaves slow start with its first window at least`, () => {
    const [before, window] = windowAfterSlowStart(control(options()), 10);
    assert.ok(before > 100_000, `${before}`);
    assert.equal(window, 10 * SIZE);
  });

  Deno.test(`${control.name}() reduces its window once for a slow start that went too far`, () => {
    const controller = control(options());
    const [, window] = windowAfterSlowStart(controller, 1_000);
    // What left before slow start ended filled the queue; what left since then is another matter.
    controller.onLost(packet(1), 0, false, 10_000);
    assert.equal(controller.window, window);
    controller.onLost(packet(10_001), 0, false, 10_002);
    assert.ok(controller.window < window, `${controller.window}`);
  });

  Deno.test(`${control.name}() keeps a window that is no larger, or while no rate is known`, () => {
    for (const rate of [100_000, 0]) {
      const [before, window] = windowAfterSlowStart(control(options()), rate);
      assert.ok(window >= before, `${before} to ${window} at ${rate}`);
    }
  });
}

for (const control of [cubic, newReno, bbr]) {
  Deno.test(`${control.name}() calculates its first window again for larger datagrams`, () => {
    const controller = control(options());
    assert.equal(controller.window, 10 * SIZE);
    controller.onMtuChanged(1_100);
    controller.onMtuChanged(1_400);
    assert.equal(controller.window, 14_000);
    controller.onMtuChanged(1_000);
    controller.onMtuChanged(1_400);
    assert.equal(controller.window, 14_000, "granted once, and not taken back");
  });
}

Deno.test("a window that a loss has reduced does not grow with the datagrams", () => {
  const controller = cubic(options());
  controller.onLost(packet(1), 0, false, 2);
  const { window } = controller;
  controller.onMtuChanged(1_400);
  assert.equal(controller.window, window);
});
