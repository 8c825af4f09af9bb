import assert from "node:assert/strict";
import { newReno } from "../../src/congestion/new_reno.ts";
import { Driver, SIZE } from "./drive.ts";

function near(actual: number, expected: number, part = 0.01): void {
  assert.ok(Math.abs(actual - expected) <= Math.abs(expected) * part, `${actual} for ${expected}`);
}

Deno.test("newReno() begins with ten datagrams and doubles them per round trip", () => {
  const { controller } = new Driver(newReno, 40);
  assert.equal(controller.window, 10 * SIZE);
  const driver = new Driver(newReno, 40);
  driver.round();
  assert.equal(driver.controller.window, 20 * SIZE);
  assert.ok(driver.controller.inSlowStart);
});

Deno.test("newReno() halves 100 datagrams at a loss, then grows by one per round trip", () => {
  const driver = new Driver(newReno, 40);
  driver.settle(50 * SIZE, 0.5);
  near(driver.controller.window, 50 * SIZE);
  assert.equal(driver.controller.slowStartThreshold, driver.controller.window);
  driver.round();
  near(driver.controller.window, 51 * SIZE);
});

Deno.test("newReno() reacts once to the losses of one flight, and does not grow meanwhile", () => {
  const driver = new Driver(newReno, 40);
  const sent = driver.send();
  driver.now += 40;
  driver.lose(sent[0]!);
  driver.lose(sent[1]!);
  driver.lose(sent[2]!);
  assert.equal(driver.controller.window, 5 * SIZE);
  driver.ack(sent.slice(3));
  assert.equal(driver.controller.window, 5 * SIZE);
  driver.now += 1;
  const next = driver.send();
  driver.now += 40;
  driver.lose(next[0]!);
  assert.equal(driver.controller.window, 2.5 * SIZE);
});

Deno.test("newReno() falls to two datagrams in persistent congestion and slow-starts again", () => {
  const driver = new Driver(newReno, 40);
  const sent = driver.send();
  driver.now += 1000;
  for (const one of sent) driver.lose(one, "persistent");
  assert.equal(driver.controller.window, 2 * SIZE);
  assert.equal(driver.controller.slowStartThreshold, 5 * SIZE);
  driver.now += 1;
  driver.round();
  assert.equal(driver.controller.window, 4 * SIZE);
});

Deno.test("newReno() restores the window only when every loss of the epoch was spurious", () => {
  const driver = new Driver(newReno, 40);
  const sent = driver.send();
  driver.now += 40;
  driver.lose(sent[0]!);
  driver.lose(sent[1]!);
  driver.controller.onSpuriousLoss(sent[0]!, driver.now);
  assert.equal(driver.controller.window, 5 * SIZE);
  driver.controller.onSpuriousLoss(sent[1]!, driver.now);
  assert.equal(driver.controller.window, 10 * SIZE);
  assert.equal(driver.controller.slowStartThreshold, Infinity);
});

Deno.test("newReno() does not undo persistent congestion, nor for a packet of another epoch", () => {
  const driver = new Driver(newReno, 40);
  const first = driver.send();
  driver.now += 40;
  driver.lose(first[0]!);
  driver.now += 1;
  const second = driver.send();
  driver.now += 40;
  driver.lose(second[0]!);
  assert.equal(driver.controller.window, 2.5 * SIZE);
  driver.controller.onSpuriousLoss(first[0]!, driver.now);
  assert.equal(driver.controller.window, 2.5 * SIZE);
  driver.lose(second[1]!, "persistent");
  driver.controller.onSpuriousLoss(second[0]!, driver.now);
  driver.controller.onSpuriousLoss(second[1]!, driver.now);
  assert.equal(driver.controller.window, 2 * SIZE);
});

Deno.test("newReno() does not grow a window that is not used", () => {
  const driver = new Driver(newReno, 40);
  for (let i = 0; i < 20; i++) driver.round(4 * SIZE);
  assert.equal(driver.controller.window, 10 * SIZE);
  driver.settle(10 * SIZE, 0.5);
  const { window } = driver.controller;
  for (let i = 0; i < 20; i++) driver.round(5 * SIZE);
  assert.equal(driver.controller.window, window);
});

Deno.test("newReno() keeps two of the new datagrams when they become larger", () => {
  const driver = new Driver(newReno, 40);
  driver.lose(driver.send()[0]!, "persistent");
  driver.controller.onMtuChanged(1400);
  assert.equal(driver.controller.window, 2800);
});
