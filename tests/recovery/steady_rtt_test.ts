import assert from "node:assert/strict";
import { LossDetector } from "../../src/recovery/loss_detector.ts";
import { RttEstimator } from "../../src/recovery/rtt.ts";
import { TestSpace } from "./fakes.ts";

/** An estimator of a path that takes 40 ms, up to `now`. */
function measured(now = 1_000): RttEstimator {
  const rtt = new RttEstimator();
  for (let at = 0; at <= now; at += 100) rtt.update(40, 0, -1, at);
  return rtt;
}

Deno.test("SteadyRtt follows RFC 9002, Section 5.3 as long as nothing is held up", () => {
  const rtt = new RttEstimator();
  for (const sample of [40, 60, 55, 90, 42, 300, 44]) {
    rtt.update(sample, 3);
    assert.equal(rtt.steady.smoothed, rtt.smoothed);
    assert.equal(rtt.steady.variation, rtt.variation);
  }
  assert.equal(rtt.steadyTimeout(25), rtt.probeTimeout(25));
});

Deno.test("SteadyRtt leaves out what was under way in a pause, and nothing that left later", () => {
  const rtt = measured();
  const before = rtt.steadyTimeout(25);
  rtt.steady.onSilence();
  for (const sentAt of [1_010, 1_100, 2_000, 3_900]) rtt.update(4_000 - sentAt, 0, -1, 4_000);
  rtt.update(190, 0, -1, 4_050); // left before the first answer came
  assert.equal(rtt.steadyTimeout(25), before);
  assert.ok(rtt.probeTimeout(25) > 4_000, `${rtt.probeTimeout(25)}`);
  rtt.update(44, 0, -1, 4_100);
  assert.ok(rtt.steadyTimeout(25) > before);
  assert.ok(rtt.steadyTimeout(25) < 80);
});

Deno.test("SteadyRtt believes a second pause without a sample between: the path has become slow", () => {
  const rtt = measured();
  for (const at of [2_000, 3_000]) {
    rtt.steady.onSilence();
    rtt.update(500, 0, -1, at);
  }
  assert.ok(rtt.steadyTimeout(25) > 500, `${rtt.steadyTimeout(25)}`);
});

Deno.test("SteadyRtt leaves out every pause that a sample parts from the one before", () => {
  const rtt = measured();
  for (let at = 2_000; at < 40_000; at += 2_000) {
    rtt.steady.onSilence();
    rtt.update(1_500, 0, -1, at);
    rtt.update(40, 0, -1, at + 200);
  }
  assert.ok(rtt.steadyTimeout(25) < 70, `${rtt.steadyTimeout(25)}`);
});

Deno.test("SteadyRtt takes in what is merely late, silence or not", () => {
  const rtt = measured();
  rtt.steady.onSilence();
  rtt.update(75, 0, -1, 2_000);
  assert.ok(rtt.steady.smoothed > 44);
});

Deno.test("LossDetector waits after a pause for as long as before, if there is another path", () => {
  const t = new TestSpace(3);
  const context = { handshakeConfirmed: true, mustProbeUnasked: false, hasHandshakeKeys: false };
  const loss = new LossDetector([t.space], context);
  const rtt = measured();
  const usual = rtt.steadyTimeout(0);
  t.send(1_100);
  assert.ok(loss.expire(rtt, 1_200, true));
  rtt.update(10_000, 0, -1, 11_100);
  loss.onAcked(11_100);
  t.ack([0], 11_100);
  t.send(12_000);
  assert.equal(loss.deadline(rtt, true), 12_000 + usual);
  assert.equal(loss.deadline(rtt, false), 12_000 + 1_700);
});

Deno.test("SteadyRtt takes the time of a busy peer, and not that of a hold of all links", () => {
  for (const isShared of [true, false]) {
    for (const isBusy of [true, false]) {
      const { steady } = measured(9_000);
      const before = steady.smoothed;
      steady.onSilence();
      steady.endSilence(isShared);
      // The packet of 10,000 ms is answered at 14,000 ms, and so is all else if a link was held.
      steady.update(4_000, 10_000, 14_000);
      assert.equal(steady.smoothed, before, "the first one may be of a pause");
      const arrival = isBusy ? 15_000 : 14_050;
      steady.update(arrival - 11_000, 11_000, arrival);
      if (isShared && isBusy) assert.ok(steady.smoothed >= 2_000, "it is waited for as long again");
      else assert.equal(steady.smoothed, before);
    }
  }
});
