import assert from "node:assert/strict";
import { cubic } from "../../src/congestion/cubic.ts";
import { Driver, SIZE } from "./drive.ts";

function near(actual: number, expected: number, part = 0.01): void {
  assert.ok(Math.abs(actual - expected) <= Math.abs(expected) * part, `${actual} for ${expected}`);
}

/** Full flights until `until`, each acknowledged packet by packet over one round trip. */
function fill(driver: Driver, until: number): void {
  while (driver.now < until) driver.round();
}

Deno.test("cubic() keeps 70 of 100 datagrams, is back after K and at 130 after 2 K", () => {
  // Long round trips, so that the Reno-friendly region does not lead.
  const driver = new Driver(cubic, 100);
  driver.settle(70 * SIZE, 0.7);
  near(driver.controller.window, 70 * SIZE);
  driver.round();
  const epoch = driver.now;
  const k = 1000 * Math.cbrt(30 / 0.4);
  near(k, 4217, 0.001);
  fill(driver, epoch + k);
  near(driver.controller.window, 100 * SIZE, 0.02);
  fill(driver, epoch + 2 * k);
  near(driver.controller.window, 130 * SIZE, 0.04);
});

Deno.test("cubic() grows as fast as Reno over short round trips", () => {
  const driver = new Driver(cubic, 5);
  driver.settle(35 * SIZE, 0.7);
  const { window } = driver.controller;
  driver.round();
  const before = driver.controller.window;
  for (let i = 0; i < 20; i++) driver.round();
  // 9/17 of a datagram per round trip.
  near(driver.controller.window - before, 20 * 9 / 17 * SIZE, 0.1);
  assert.ok(driver.controller.window > window);
});

Deno.test("cubic() remembers less than the last maximum when it falls (fast convergence)", () => {
  const driver = new Driver(cubic, 300);
  driver.settle(70 * SIZE, 0.7);
  driver.now += 1;
  driver.lose(driver.send(SIZE)[0]!);
  near(driver.controller.window, 49 * SIZE);
  driver.now += 1;
  driver.round();
  // The maximum is now 70 (1 + 0.7) / 2 = 59.5: the curve is flat there.
  fill(driver, driver.now + 1000 * Math.cbrt(10.5 / 0.4));
  near(driver.controller.window, 59.5 * SIZE, 0.03);
});

Deno.test("cubic() takes no account of idle time", () => {
  const driver = new Driver(cubic, 100);
  driver.settle(70 * SIZE, 0.7);
  for (let i = 0; i < 10; i++) driver.round();
  const { window } = driver.controller;
  driver.now += 60_000;
  driver.round();
  driver.round();
  assert.ok(driver.controller.window < window + 4 * SIZE, `${driver.controller.window}`);
});

Deno.test("cubic() takes no account of time in which the window is not used", () => {
  const driver = new Driver(cubic, 100);
  driver.settle(70 * SIZE, 0.7);
  for (let i = 0; i < 10; i++) driver.round();
  const { window } = driver.controller;
  for (let i = 0; i < 600; i++) driver.round(5 * SIZE);
  assert.equal(driver.controller.window, window);
  driver.round();
  driver.round();
  assert.ok(driver.controller.window < window + 4 * SIZE, `${driver.controller.window}`);
});

Deno.test("cubic() goes on where it was after a spurious loss", () => {
  const driver = new Driver(cubic, 100);
  const twin = new Driver(cubic, 100);
  for (const one of [driver, twin]) {
    one.settle(70 * SIZE, 0.7);
    for (let i = 0; i < 10; i++) one.round();
  }
  const { window } = driver.controller;
  const [lost] = driver.send(SIZE);
  driver.lose(lost!);
  assert.ok(driver.controller.window < 0.71 * window);
  driver.controller.onSpuriousLoss(lost!, driver.now);
  assert.equal(driver.controller.window, window);
  for (let i = 0; i < 30; i++) {
    driver.round();
    twin.round();
  }
  near(driver.controller.window, twin.controller.window, 0.02);
});

Deno.test("cubic() starts flat after persistent congestion", () => {
  const driver = new Driver(cubic, 100);
  driver.settle(70 * SIZE, 0.7);
  driver.now += 1;
  driver.lose(driver.send(SIZE)[0]!, "persistent");
  assert.equal(driver.controller.window, 2 * SIZE);
  near(driver.controller.slowStartThreshold, 49 * SIZE);
  driver.now += 1;
  while (driver.controller.inSlowStart) driver.round();
  const { window } = driver.controller;
  driver.round();
  assert.ok(driver.controller.window < window + 2 * SIZE);
});
