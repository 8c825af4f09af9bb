import assert from "node:assert/strict";
import { RttEstimator } from "../../src/recovery/rtt.ts";

Deno.test("RttEstimator starts from a guess that the first sample replaces", () => {
  const rtt = new RttEstimator();
  assert.equal(rtt.smoothed, 333);
  assert.equal(rtt.variation, 166.5);
  assert.equal(rtt.probeTimeout(0), 333 + 4 * 166.5);
  rtt.update(100, 20);
  assert.deepEqual([rtt.latest, rtt.min, rtt.smoothed, rtt.variation], [100, 100, 100, 50]);
});

Deno.test("RttEstimator.update() smooths as RFC 9002, Section 5.3 computes it", () => {
  const rtt = new RttEstimator();
  rtt.update(100, 0);
  rtt.update(140, 20);
  // adjusted is 120: variation 0.75 * 50 + 0.25 * |100 - 120|, then smoothed 0.875 * 100 + 15.
  assert.equal(rtt.variation, 42.5);
  assert.equal(rtt.smoothed, 102.5);
  assert.equal(rtt.latest, 140);
  assert.equal(rtt.min, 100);
});

Deno.test("RttEstimator.update() does not take a delay off that would go below the minimum", () => {
  const rtt = new RttEstimator();
  rtt.update(100, 0);
  rtt.update(110, 20);
  assert.equal(rtt.smoothed, 0.875 * 100 + 0.125 * 110);
});

Deno.test("RttEstimator.update() lowers the minimum before a delay is taken off", () => {
  const rtt = new RttEstimator();
  rtt.update(100, 0);
  rtt.update(50, 30);
  assert.equal(rtt.min, 50);
  assert.equal(rtt.smoothed, 0.875 * 100 + 0.125 * 50);
});

Deno.test("RttEstimator.settle() forgets what the handshake made of a fast path", () => {
  const rtt = new RttEstimator();
  rtt.update(28, 0); // ten of them for the peer's calculations
  rtt.settle(18);
  rtt.update(18, 0);
  assert.deepEqual([rtt.smoothed, rtt.variation, rtt.min], [18, 0.75 * 9, 18]);
  rtt.settle(10); // only once
  assert.equal(rtt.smoothed, 18);
});

Deno.test("RttEstimator.settle() leaves alone what is no slower than the path", () => {
  const rtt = new RttEstimator();
  rtt.update(18, 0);
  rtt.update(18, 0);
  rtt.settle(30);
  assert.deepEqual([rtt.smoothed, rtt.variation], [18, 0.75 * 9]);
});

// MPQUIC, Section 5.4.
Deno.test("RttEstimator.update() takes the minimum of one way back, the path's own if it is used", () => {
  const rtt = new RttEstimator();
  for (const sample of [50, 30, 40]) rtt.update(sample, 0, 2);
  assert.equal(rtt.min, 30, "the peer acknowledges by path 2 only");
  rtt.update(70, 0, 3);
  assert.equal(rtt.min, 70, "by another path now");
  rtt.update(80, 10, 3);
  assert.equal(rtt.min, 70);
  rtt.update(90, 0);
  assert.equal(rtt.min, 90, "by the path itself");
  rtt.update(20, 0, 2);
  assert.equal(rtt.min, 90, "says nothing of the path itself");
  rtt.update(60, 0);
  assert.equal(rtt.min, 60);
  assert.ok(Number.isFinite(rtt.smoothed) && Number.isFinite(rtt.variation));
});

Deno.test("RttEstimator.seed() counts only until there is a sample", () => {
  const rtt = new RttEstimator();
  rtt.seed(40);
  assert.equal(rtt.isMeasured, false);
  assert.equal(rtt.smoothed, 40);
  rtt.update(60, 0);
  assert.equal(rtt.smoothed, 60);
  rtt.seed(5);
  assert.equal(rtt.smoothed, 60);
});

Deno.test("RttEstimator.inherit() takes everything over", () => {
  const old = new RttEstimator();
  old.update(50, 0);
  old.update(70, 0);
  const next = new RttEstimator();
  next.inherit(old);
  assert.deepEqual({ ...next }, { ...old });
});

Deno.test("RttEstimator.restartMin() forgets the minimum", () => {
  const rtt = new RttEstimator();
  rtt.restartMin();
  assert.equal(rtt.min, Infinity);
  rtt.update(50, 0);
  rtt.update(90, 0);
  rtt.restartMin();
  assert.equal(rtt.min, 90);
});

Deno.test("RttEstimator.probeTimeout() never falls below the granularity over the mean", () => {
  const rtt = new RttEstimator();
  for (let i = 0; i < 100; i++) rtt.update(10, 0);
  assert.ok(rtt.variation < 0.25);
  assert.ok(Math.abs(rtt.probeTimeout(25) - 36) < 1e-6);
});

Deno.test("RttEstimator.unheld leaves out a pause that the mean takes in", () => {
  const rtt = new RttEstimator();
  for (let i = 0; i < 20; i++) rtt.update(60, 0, -1, 60 * i);
  assert.equal(rtt.unheld, rtt.smoothed);
  rtt.steady.onSilence();
  for (let i = 0; i < 10; i++) rtt.update(9_000, 0, -1, 10_200);
  assert.ok(rtt.smoothed > 6_000, `${rtt.smoothed}`);
  assert.ok(Math.abs(rtt.unheld - 60) < 1, `${rtt.unheld}`);
});

Deno.test("RttEstimator.floor follows a route that has become longer, but no queue of ours", () => {
  const rtt = new RttEstimator();
  rtt.setCalm(3_000);
  let now = 0;
  const sample = (value: number, isCalm: boolean, via = -1) =>
    rtt.update(value, 0, via, now += 1_000, isCalm ? 3_000 : 3_001);
  for (let i = 0; i < 10; i++) sample(20, true);
  for (let i = 0; i < 10; i++) sample(200, false);
  assert.equal(rtt.floor, 20, "a queue of ours");
  for (let i = 0; i < 10; i++) sample(29, true);
  assert.equal(rtt.floor, 20, "jitter");
  for (let i = 0; i < 10; i++) sample(200, true, 1);
  assert.equal(rtt.floor, 20, "another way back");
  for (const value of [200, 230, 190]) sample(value, true);
  assert.equal(rtt.floor, 20, "a few late packets");
  sample(210, true);
  assert.equal(rtt.floor, 190);
  assert.equal(rtt.min, 20);
  for (let i = 0; i < 8; i++) sample(400, true);
  assert.equal(rtt.floor, 400, "longer still");
  sample(21, false);
  assert.equal(rtt.floor, 20, "the route is short again");
});

Deno.test("RttEstimator.floor takes no pause of a radio for a longer route", () => {
  const rtt = new RttEstimator();
  rtt.setCalm(3_000);
  for (let now = 0; now < 1_000; now += 50) rtt.update(20, 0, -1, now, 100);
  rtt.steady.onSilence();
  for (let sent = 1_000; sent < 4_000; sent += 50) rtt.update(4_000 - sent, 0, -1, 4_000, 100);
  assert.equal(rtt.floor, 20);
  rtt.update(20, 0, -1, 4_050, 100);
  assert.equal(rtt.floor, 20);
});
