import assert from "node:assert/strict";
import { newReno } from "../../src/congestion/new_reno.ts";
import { Pacer } from "../../src/congestion/pacer.ts";
import { Driver, options, SIZE } from "./drive.ts";

/** Bytes sent from `now` to `until` by a sender that comes whenever told, `late` ms late. */
function drain(
  pacer: Pacer,
  now: number,
  until: number,
  late = 0,
  when: "nextSendAt" | "wakeAt" = "nextSendAt",
): number {
  let sent = 0;
  while (now < until) {
    while (pacer.room(now) >= SIZE) {
      pacer.onSent(SIZE, now);
      sent += SIZE;
    }
    now = pacer[when](now) + late;
  }
  return sent;
}

/** A pacer of a window of so many datagrams that has left its first burst behind. */
function settled(datagrams: number, rtt: number): Pacer {
  const driver = new Driver(newReno, rtt);
  driver.settle(datagrams * SIZE, 0.5);
  const pacer = new Pacer(SIZE);
  pacer.update(driver.controller, { unheld: driver.rtt.smoothed }, SIZE, 0);
  drain(pacer, 0, 100);
  return pacer;
}

function avoiding(rtt: number): { pacer: Pacer; driver: Driver } {
  const driver = new Driver(newReno, rtt);
  driver.settle(50 * SIZE, 0.5);
  const pacer = new Pacer(SIZE);
  pacer.update(driver.controller, { unheld: driver.rtt.smoothed }, SIZE, 0);
  return { pacer, driver };
}

Deno.test("Pacer.room() holds nothing back before the first RTT sample, then an initial window", () => {
  const pacer = new Pacer(SIZE);
  for (let i = 0; i < 30; i++) pacer.onSent(SIZE, 0);
  assert.equal(pacer.room(0), Infinity);
  assert.equal(pacer.nextSendAt(0), 0);
  pacer.update(newReno(options()), { unheld: 40 }, SIZE, 10);
  assert.equal(pacer.room(10), 10 * SIZE);
});

Deno.test("Pacer.rate is 1.25 windows per round trip, 2 in slow start", () => {
  const { pacer, driver } = avoiding(50);
  assert.ok(Math.abs(pacer.rate - 1.25 * driver.controller.window / 50) < 1e-9);
  pacer.update(newReno(options()), { unheld: 50 }, SIZE, 0);
  assert.equal(pacer.rate, 2 * 10 * SIZE / 50);
});

Deno.test("Pacer.rate is the controller's own, if it has one", () => {
  const pacer = new Pacer(SIZE);
  const controller = Object.assign(newReno(options()), { pacingRate: 123 });
  pacer.update(controller, { unheld: 50 }, SIZE, 0);
  assert.equal(pacer.rate, 123);
});

Deno.test("Pacer.nextSendAt() spreads packets at the rate", () => {
  const { pacer } = avoiding(50);
  drain(pacer, 0, 100);
  const sent = drain(pacer, 100, 1100);
  assert.ok(Math.abs(sent - 1000 * pacer.rate) <= 3 * SIZE, `${sent}`);
});

Deno.test("Pacer.nextSendAt() keeps up the rate when timers are 2 ms late", () => {
  const { pacer } = avoiding(50);
  drain(pacer, 0, 100);
  const sent = drain(pacer, 100, 1100, 1.9);
  assert.ok(sent >= 0.98 * 1000 * pacer.rate, `${sent} of ${1000 * pacer.rate}`);
});

Deno.test("Pacer.nextSendAt() keeps up high rates when timers are late", () => {
  const driver = new Driver(newReno, 10);
  driver.settle(200 * SIZE, 0.5);
  const pacer = new Pacer(SIZE);
  pacer.update(driver.controller, { unheld: driver.rtt.smoothed }, SIZE, 0);
  const sent = drain(pacer, 0, 1000, 1.9);
  assert.ok(sent >= 0.98 * 1000 * pacer.rate, `${sent} of ${1000 * pacer.rate}`);
});

Deno.test("Pacer.wakeAt() is now while a datagram may leave, else so late that a timer can wait", () => {
  const pacer = settled(50, 50);
  while (pacer.room(100) > 0) {
    assert.equal(pacer.wakeAt(100), 100);
    pacer.onSent(SIZE, 100);
  }
  assert.ok(pacer.nextSendAt(100) < 102, `${pacer.nextSendAt(100)}`);
  assert.ok(pacer.wakeAt(100) >= 102.1, `${pacer.wakeAt(100)}`);
  // Where a datagram takes longer than that, no time is lost.
  const slow = settled(5, 100);
  while (slow.room(100) > 0) slow.onSent(SIZE, 100);
  assert.ok(slow.nextSendAt(100) > 110);
  assert.equal(slow.wakeAt(100), slow.nextSendAt(100));
});

Deno.test("Pacer.wakeAt() is exact at high rates and on short paths", () => {
  for (const [datagrams, rtt] of [[2_000, 20], [8, 8]] as const) {
    const pacer = settled(datagrams, rtt);
    while (pacer.room(100) > 0) pacer.onSent(SIZE, 100);
    assert.ok(pacer.nextSendAt(100) < 102);
    assert.equal(pacer.wakeAt(100), pacer.nextSendAt(100));
  }
});

Deno.test("Pacer.wakeAt() keeps up the rate, also when timers are late", () => {
  for (const [datagrams, rtt] of [[8, 50], [20, 50], [50, 50], [200, 50], [200, 20]] as const) {
    for (const late of [0, 0.6, 1.2]) {
      const pacer = settled(datagrams, rtt);
      const sent = drain(pacer, 100, 1100, late, "wakeAt");
      const share = sent / (1000 * pacer.rate);
      assert.ok(share > 0.97 && share < 1.03, `${share} at ${pacer.rate}, ${late} ms late`);
    }
  }
});

Deno.test("Pacer.room() holds no more than a burst after silence", () => {
  const { pacer } = avoiding(50);
  drain(pacer, 0, 100);
  assert.ok(pacer.room(100_000) <= pacer.burst);
  assert.ok(pacer.burst >= 2 * SIZE && pacer.burst <= 64 * SIZE);
});

Deno.test("Pacer.nextSendAt() is never before now and always lets a datagram go", () => {
  const { pacer } = avoiding(7.3);
  let now = 0;
  for (let i = 0; i < 10_000; i++) {
    now = pacer.nextSendAt(now);
    assert.ok(pacer.room(now) >= SIZE);
    pacer.onSent(SIZE, now);
    assert.ok(pacer.nextSendAt(now) >= now);
  }
});

Deno.test("Pacer.onSent() bounds what a flight of probes owes", () => {
  const { pacer } = avoiding(50);
  for (let i = 0; i < 1000; i++) pacer.onSent(SIZE, 0);
  assert.ok(pacer.nextSendAt(0) < 10, `${pacer.nextSendAt(0)}`);
});
