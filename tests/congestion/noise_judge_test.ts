import assert from "node:assert/strict";
import { cubic } from "../../src/congestion/cubic.ts";
import { NoiseJudge } from "../../src/congestion/noise_judge.ts";
import type { RttView } from "../../src/congestion/controller.ts";
import { Driver, packet } from "./drive.ts";

const LEAST = 40;

function rtt(latest: number, variation = 0): RttView {
  return { latest, smoothed: latest, variation, min: LEAST };
}

/** A judge that saw `count` packets acknowledged at 2 ms, one after another with these times. */
function judgeAfter(count: number, ...rtts: RttView[]): NoiseJudge {
  const judge = new NoiseJudge();
  for (let i = 0; i < count; i++) judge.onAcked(rtts[i % rtts.length]!, 2);
  return judge;
}

Deno.test("a loss is noise while round-trip times are at their least", () => {
  assert.equal(judgeAfter(100, rtt(LEAST)).excuses(packet(1)), true);
  assert.equal(judgeAfter(100, rtt(LEAST + 1.2)).excuses(packet(1)), true);
});

Deno.test("a loss is no noise when every packet has met a queue", () => {
  assert.equal(judgeAfter(100, rtt(LEAST + 1.3)).excuses(packet(1)), false);
  assert.equal(judgeAfter(100, rtt(LEAST + 40)).excuses(packet(1)), false);
});

Deno.test("round-trip times that vary hide a queue of 4 ms at the most", () => {
  assert.equal(judgeAfter(100, rtt(LEAST + 3, 2)).excuses(packet(1)), true);
  assert.equal(judgeAfter(100, rtt(LEAST + 3.1, 2)).excuses(packet(1)), false);
  assert.equal(judgeAfter(100, rtt(LEAST + 4.1, 20)).excuses(packet(1)), false);
  assert.equal(judgeAfter(100, rtt(LEAST + 30, 20), rtt(LEAST)).excuses(packet(1)), true);
});

Deno.test("what was acknowledged before a packet left says nothing of its loss", () => {
  const judge = judgeAfter(100, rtt(LEAST));
  assert.equal(judge.excuses(packet(2)), false);
  for (let i = 0; i < 3; i++) judge.onAcked(rtt(LEAST), 3);
  assert.equal(judge.excuses(packet(2)), false);
  judge.onAcked(rtt(LEAST), 3);
  assert.equal(judge.excuses(packet(2)), true);
});

Deno.test("no more than 2 % of the packets are lost by noise, and six in a row", () => {
  const judge = judgeAfter(1_000, rtt(LEAST));
  let excused = 0;
  while (judge.excuses(packet(1))) excused++;
  assert.equal(excused, 6);
  for (let i = 0; i < 10_000; i++) {
    judge.onAcked(rtt(LEAST), 2);
    if (judge.excuses(packet(1))) excused++;
  }
  assert.ok(excused >= 6 + 199 && excused <= 6 + 200, `${excused}`);
});

/** A driver in congestion avoidance that has one packet under way among acknowledged ones. */
function settled(): Driver {
  const driver = new Driver(cubic, LEAST);
  driver.settle(70_000, 0.7);
  for (let i = 0; i < 5; i++) driver.round();
  return driver;
}

/** Loses the first packet of a flight, the others being acknowledged. */
function loseOne(driver: Driver, persistent: "persistent" | "once" = "once"): number {
  const [first, ...others] = driver.send();
  driver.now += driver.rtt.latest;
  driver.ack(others);
  const { window } = driver.controller;
  driver.lose(first!, persistent);
  return driver.controller.window / window;
}

Deno.test("cubic() keeps its window when a loss is noise", () => {
  assert.equal(loseOne(settled()), 1);
});

Deno.test("cubic() reduces its window when it has met a queue, or nothing arrives any more", () => {
  const driver = settled();
  driver.rtt = rtt(2 * LEAST);
  assert.equal(loseOne(driver), 0.7);
  assert.ok(loseOne(settled(), "persistent") < 0.1);
});

Deno.test("cubic() takes back a reduction although a loss before it was noise", () => {
  const driver = settled();
  const [noise, ...others] = driver.send();
  driver.now += LEAST;
  driver.ack(others);
  driver.lose(noise!);
  driver.rtt = rtt(2 * LEAST);
  const [late, ...more] = driver.send();
  driver.now += 2 * LEAST;
  driver.ack(more);
  const { window } = driver.controller;
  driver.lose(late!);
  assert.ok(driver.controller.window < window);
  driver.controller.onSpuriousLoss(noise!, driver.now);
  assert.ok(driver.controller.window < window, "the noise had reduced nothing");
  driver.controller.onSpuriousLoss(late!, driver.now);
  assert.equal(driver.controller.window, window);
});
