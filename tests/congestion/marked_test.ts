import assert from "node:assert/strict";
import { auto } from "../../src/congestion/auto.ts";
import { balia } from "../../src/congestion/balia.ts";
import { bbr } from "../../src/congestion/bbr.ts";
import type { CongestionControl } from "../../src/congestion/controller.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import { lia } from "../../src/congestion/lia.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import { olia } from "../../src/congestion/olia.ts";
import { Driver, packet, SIZE } from "./drive.ts";

/** A controller whose window has grown for some rounds, with a flight under way. */
function grown(control: CongestionControl): Driver {
  const driver = new Driver(control, 40);
  for (let round = 0; round < 4; round++) driver.round();
  driver.now += 1;
  return driver;
}

for (const control of [newReno, cubic, auto, lia, olia, balia] as CongestionControl[]) {
  Deno.test(`${control.name}() reduces its window for a mark as for a loss, once in an epoch`, () => {
    const windows = (["lost", "marked"] as const).map((how) => {
      const driver = grown(control);
      const { controller } = driver;
      const before = controller.window;
      const flight = driver.send();
      driver.now += 40;
      if (how === "lost") {
        for (const one of flight.slice(0, 8)) driver.lose(one); // more than noise
      } else {
        for (const one of flight.slice(0, 8)) controller.onMarked!(one, 1, driver.now);
      }
      assert.ok(controller.window < before && !controller.inSlowStart, `${controller.window}`);
      controller.onMarked!(packet(driver.now), 1, driver.now);
      return controller.window;
    });
    assert.equal(windows[1], windows[0]);
    assert.ok(windows[0]! > 2 * SIZE);
  });

  Deno.test(`${control.name}() takes nothing back if a mark goes with losses that are spurious`, () => {
    for (const marked of [false, true]) {
      const driver = grown(control);
      const { controller } = driver;
      const before = controller.window;
      const flight = driver.send();
      driver.now += 40;
      const lost = flight.slice(0, 8);
      for (const one of lost) driver.lose(one);
      if (marked) controller.onMarked!(flight.at(-1)!, 1, driver.now);
      for (const one of lost) controller.onSpuriousLoss(one, driver.now);
      assert.equal(controller.window < before, marked, `${controller.window} of ${before}`);
    }
  });
}

Deno.test("bbr() ends its start-up at a mark, and keeps to what arrived", () => {
  const driver = new Driver(bbr, 40);
  for (let round = 0; round < 3; round++) driver.round();
  assert.ok(driver.controller.inSlowStart);
  const flight = driver.send();
  driver.now += 40;
  driver.controller.onMarked!(flight.at(-1)!, 3, driver.now);
  driver.ack(flight);
  assert.ok(!driver.controller.inSlowStart);
});
