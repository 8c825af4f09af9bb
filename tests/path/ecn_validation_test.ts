import assert from "node:assert/strict";
import { Ecn } from "../../src/bytes/ecn.ts";
import { EcnValidation } from "../../src/path/network/ecn_validation.ts";
import { RttEstimator } from "../../src/recovery/rtt.ts";

const rtt = new RttEstimator(40);

/** A validation that has marked so many packets at 0 ms. */
function tested(count: number): EcnValidation {
  const validation = new EcnValidation(true);
  for (let i = 0; i < count; i++) {
    assert.equal(validation.mark(rtt, 0), Ecn.Ect0);
    validation.onSent(0);
  }
  return validation;
}

Deno.test("EcnValidation marks ten packets, then waits for a report", () => {
  const validation = tested(10);
  assert.equal(validation.mark(rtt, 0), Ecn.NotEct);
  assert.equal(validation.state, "unknown");
  assert.equal(validation.onReported(1, 0, rtt, 0), false);
  assert.equal(validation.state, "capable");
  assert.equal(validation.mark(rtt, 1_000), Ecn.Ect0);
  assert.equal(validation.onReported(5, 2, rtt, 0), true);
  assert.equal(validation.congested, 2);
});

Deno.test("EcnValidation ends its test after a probe timeout without an answer", () => {
  const validation = tested(2);
  assert.equal(validation.mark(rtt, rtt.probeTimeout(0) - 1), Ecn.Ect0);
  assert.equal(validation.mark(rtt, rtt.probeTimeout(0)), Ecn.NotEct);
  assert.equal(validation.state, "unknown");
});

Deno.test("EcnValidation gives up if all marked packets are lost, and only then", () => {
  const lost = tested(3);
  for (let i = 0; i < 3; i++) lost.onLost();
  assert.equal(lost.state, "testing", "as long as there are others on their way");
  lost.mark(rtt, 10_000);
  assert.equal(lost.state, "failed");
  const late = tested(10);
  late.mark(rtt, 0);
  for (let i = 0; i < 9; i++) late.onLost();
  assert.equal(late.state, "unknown");
  late.onLost();
  assert.equal(late.state, "failed");
  const one = tested(10);
  one.mark(rtt, 0);
  one.onReported(1, 0, rtt, 0);
  for (let i = 0; i < 9; i++) one.onLost();
  assert.equal(one.state, "capable");
});

Deno.test("EcnValidation gives up if all marked packets come as congested", () => {
  const validation = tested(10);
  for (let i = 0; i < 9; i++) assert.equal(validation.onReported(1, 1, rtt, 0), false);
  assert.notEqual(validation.state, "failed");
  assert.equal(validation.onReported(1, 1, rtt, 0), false);
  assert.equal(validation.state, "failed");
  assert.equal(validation.mark(rtt, 0), Ecn.NotEct);
  const congested = tested(10);
  assert.equal(congested.onReported(9, 8, rtt, 0), true, "nine of ten may be true");
  assert.equal(congested.state, "capable");
});

Deno.test("EcnValidation stays off once marks are refuted, or without a port that sets them", () => {
  const refuted = tested(10);
  refuted.onReported(5, 0, rtt, 0);
  refuted.fail();
  assert.equal(refuted.onReported(5, 5, rtt, 0), false);
  assert.equal(refuted.mark(rtt, 0), Ecn.NotEct);
  const plain = new EcnValidation(false);
  assert.equal(plain.mark(rtt, 0), Ecn.NotEct);
  plain.fail();
  assert.equal(plain.onReported(5, 5, rtt, 0), false);
  assert.equal(plain.state, "not supported");
});

Deno.test("EcnValidation gives up if a path begins to mark every packet, whatever is sent", () => {
  const validation = tested(10);
  assert.equal(validation.onReported(1, 0, rtt, 0), false);
  for (let time = 0; time <= 15; time++) {
    assert.equal(validation.onReported(2, 2, rtt, time * rtt.smoothed), true, `${time}`);
  }
  assert.equal(validation.onReported(1, 0, rtt, 15.5 * rtt.smoothed), false, "one had none");
  for (let time = 16; time <= 31; time++) {
    assert.equal(validation.onReported(2, 2, rtt, time * rtt.smoothed), true, `${time}`);
  }
  assert.equal(validation.onReported(2, 2, rtt, 32 * rtt.smoothed), false);
  assert.equal(validation.state, "failed");
});

Deno.test("EcnValidation does not give up for a few packets in a long time", () => {
  const validation = tested(10);
  validation.onReported(1, 0, rtt, 0);
  for (let second = 0; second < 14; second++) {
    assert.equal(validation.onReported(2, 2, rtt, 1_000 * second), true);
  }
  assert.equal(validation.state, "capable");
});
