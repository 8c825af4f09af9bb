import assert from "node:assert/strict";
import { DeliveryRate } from "../../src/congestion/delivery_rate.ts";
import { packet } from "./drive.ts";

/** Sends `count` packets every `gap` ms from 0 and acknowledges each after 40 ms. */
function run(count: number, gap: number, ackGap: number): DeliveryRate {
  const rate = new DeliveryRate();
  const sent = [];
  for (let i = 0; i < count; i++) {
    const one = packet(i * gap);
    rate.onSent(one, 1000 * (i + 1), i * gap);
    sent.push(one);
  }
  for (let i = 0; i < count; i++) {
    rate.onAcked(sent[i]!, 40 + i * ackGap);
    rate.finish(1, 1000 * (count - i));
    if (i < count - 1) rate.next();
  }
  return rate;
}

Deno.test("DeliveryRate.finish() tells the rate of acknowledgements when sending was faster", () => {
  // 100 packets leave within 10 ms, and come out one per ms.
  const rate = run(100, 0.1, 1);
  assert.ok(rate.rate <= 1000 && rate.rate > 700, `${rate.rate}`);
});

Deno.test("DeliveryRate.finish() tells the rate of sending when acknowledgements were squeezed", () => {
  const rate = run(100, 1, 0.001);
  assert.ok(rate.rate <= 1100, `${rate.rate}`);
});

Deno.test("DeliveryRate.finish() gives no sample over less than the least round-trip time", () => {
  const rate = new DeliveryRate();
  const one = packet(5);
  rate.onSent(one, 1000, 5);
  rate.onAcked(one, 10);
  rate.finish(40, 1000);
  assert.equal(rate.rate, 0);
});

Deno.test("DeliveryRate.markAppLimited() marks what leaves until the flight is delivered", () => {
  const rate = new DeliveryRate();
  const first = packet(0);
  rate.onSent(first, 1000, 0);
  rate.markAppLimited(1000);
  const second = packet(1);
  rate.onSent(second, 2000, 1);
  assert.ok(first.appLimited, "a first flight says little");
  assert.ok(second.appLimited);
  rate.onAcked(first, 40);
  rate.finish(40, 2000);
  rate.next();
  rate.onAcked(second, 41);
  rate.finish(40, 1000);
  assert.ok(rate.appLimited);
  rate.next();
  const third = packet(42);
  rate.onSent(third, 1000, 42);
  assert.ok(!third.appLimited);
});

Deno.test("DeliveryRate.lostInFlight counts the losses since the newest packet left", () => {
  const rate = new DeliveryRate();
  const [a, b, c] = [packet(0), packet(1), packet(2)];
  rate.onSent(a!, 1000, 0);
  rate.onSent(b!, 2000, 1);
  rate.onLost(a!);
  rate.onSent(c!, 2000, 2);
  rate.onAcked(b!, 40);
  rate.finish(1, 2000);
  assert.equal(rate.lostInFlight, 1000);
  assert.equal(rate.newlyLost, 1000);
  rate.next();
  rate.onSpuriousLoss(a!);
  assert.equal(rate.lost, 0);
  rate.onAcked(c!, 41);
  rate.finish(1, 1000);
  assert.equal(rate.lostInFlight, 0);
});

Deno.test("DeliveryRate.finish() does not stretch an interval over silence", () => {
  const rate = run(10, 1, 1);
  rate.next();
  const sent = [];
  for (let i = 0; i < 10; i++) {
    const one = packet(10_000 + i);
    rate.onSent(one, 1000 * (i + 1), 10_000 + i);
    sent.push(one);
  }
  for (const [i, one] of sent.entries()) rate.onAcked(one, 10_040 + i);
  rate.finish(1, 10_000);
  assert.ok(rate.rate > 150, `${rate.rate}`);
});

Deno.test("DeliveryRate.inFlightUpTo() counts what left by then and is neither acknowledged nor lost", () => {
  const rate = new DeliveryRate();
  const sent = [0, 1, 2, 3].map((i) => {
    const one = packet(i);
    rate.onSent(one, one.size * (i + 1), i);
    return one;
  });
  const { size } = sent[0]!;
  assert.deepEqual(sent.map((one) => rate.inFlightUpTo(one) / size), [1, 2, 3, 4]);
  rate.onAcked(sent[0]!, 40);
  rate.onLost(sent[1]!);
  assert.deepEqual(sent.slice(2).map((one) => rate.inFlightUpTo(one) / size), [1, 2]);
  rate.onSpuriousLoss(sent[1]!);
  rate.onAcked(sent[1]!, 41);
  assert.deepEqual(sent.slice(2).map((one) => rate.inFlightUpTo(one) / size), [1, 2]);
});
