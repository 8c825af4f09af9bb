import assert from "node:assert/strict";
import { DeliveryRate } from "../../src/congestion/delivery_rate.ts";
import { PeakRate } from "../../src/congestion/peak_rate.ts";

function sample(rate: number, appLimited = false): DeliveryRate {
  return Object.assign(new DeliveryRate(), { rate, appLimited });
}

Deno.test("PeakRate.value is the largest sample of five to ten round trips", () => {
  const peak = new PeakRate();
  peak.add(sample(100), 10, 0);
  peak.add(sample(80), 10, 49);
  assert.equal(peak.value, 100);
  peak.add(sample(70), 10, 50);
  assert.equal(peak.value, 100);
  peak.add(sample(60), 10, 100);
  assert.equal(peak.value, 70);
});

Deno.test("PeakRate.add() takes no notice of no sample, nor of little data to send", () => {
  const peak = new PeakRate();
  peak.add(sample(0), 10, 0);
  peak.add(sample(1, true), 10, 0);
  assert.equal(peak.value, 0, "a few bytes do not make a slow path");
  peak.add(sample(100), 10, 1);
  for (let now = 2; now < 1_000; now++) peak.add(sample(5, true), 10, now);
  assert.equal(peak.value, 100);
  peak.add(sample(120, true), 10, 1_000);
  assert.equal(peak.value, 120, "but more than ever before counts");
});
