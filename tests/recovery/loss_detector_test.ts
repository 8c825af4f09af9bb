import assert from "node:assert/strict";
import { LossDetector } from "../../src/recovery/loss_detector.ts";
import { RttEstimator } from "../../src/recovery/rtt.ts";
import { TestSpace } from "./fakes.ts";

class Setup {
  readonly initial = new TestSpace(1);
  readonly handshake = new TestSpace(2);
  readonly oneRtt = new TestSpace(3);
  readonly context = {
    handshakeConfirmed: false,
    mustProbeUnasked: false,
    hasHandshakeKeys: false,
  };
  readonly rtt = new RttEstimator(100); // a probe timeout of 300 ms
  readonly loss = new LossDetector(
    [this.initial.space, this.handshake.space, this.oneRtt.space],
    this.context,
  );

  get deadline(): number {
    return this.loss.deadline(this.rtt);
  }
}

Deno.test("LossDetector.deadline is never while nothing is in flight", () => {
  const t = new Setup();
  assert.equal(t.deadline, Infinity);
  t.initial.send(0, false);
  assert.equal(t.deadline, Infinity);
});

Deno.test("LossDetector.deadline is the earliest probe of all spaces, 1-RTT only when confirmed", () => {
  const t = new Setup();
  t.oneRtt.send(0);
  assert.equal(t.deadline, Infinity);
  t.handshake.send(10);
  assert.equal(t.deadline, 310);
  t.initial.send(5);
  assert.equal(t.deadline, 305);
  t.context.handshakeConfirmed = true;
  assert.equal(t.deadline, 300);
});

Deno.test("LossDetector adds the peer's acknowledgement delay in the space that has one", () => {
  const t = new Setup();
  t.context.handshakeConfirmed = true;
  t.oneRtt.space.allowDelay(25);
  t.oneRtt.send(0);
  assert.equal(t.deadline, 325);
});

Deno.test("LossDetector.deadline prefers loss by time to a probe", () => {
  const t = new Setup();
  t.initial.send(0);
  t.initial.ack([t.initial.send(0)], 40);
  t.handshake.send(0);
  assert.equal(t.deadline, 45);
});

Deno.test("LossDetector.expire() probes every space that waits, and hands frames back", () => {
  const t = new Setup();
  t.initial.sendMany(3, 0);
  t.handshake.send(0);
  assert.equal(t.loss.expire(t.rtt, 299), false);
  assert.equal(t.loss.expire(t.rtt, 300), true);
  assert.equal(t.loss.ptoCount, 1);
  assert.equal(t.initial.space.probes, 2);
  assert.equal(t.handshake.space.probes, 2);
  assert.equal(t.oneRtt.space.probes, 0);
  assert.equal(t.initial.owner.lost.length, 2);
  assert.equal(t.handshake.owner.lost.length, 1);
});

Deno.test("LossDetector doubles the timeout, up to two seconds", () => {
  const t = new Setup();
  t.initial.send(0);
  const intervals = [];
  let now = 0;
  for (let i = 0; i < 8; i++) {
    intervals.push(t.deadline - now);
    now = t.deadline;
    assert.ok(t.loss.expire(t.rtt, now));
    t.initial.send(now);
  }
  assert.deepEqual(intervals, [300, 600, 1_200, 1_700, 1_700, 1_700, 1_700, 1_700]);
});

Deno.test("LossDetector waits as long for the next probe if none could be sent", () => {
  const t = new Setup();
  t.initial.send(0);
  const deadlines = [];
  for (let i = 0; i < 6; i++) {
    deadlines.push(t.deadline);
    assert.ok(t.loss.expire(t.rtt, t.deadline));
  }
  assert.deepEqual(deadlines, [300, 900, 2_100, 3_800, 5_500, 7_200]);
});

Deno.test("LossDetector does not shorten a probe timeout that is longer than two seconds", () => {
  const t = new Setup();
  const slow = new RttEstimator(1_000);
  t.initial.send(0);
  assert.equal(t.loss.deadline(slow), 3_000);
  t.loss.expire(slow, 3_000);
  assert.equal(t.loss.deadline(slow), 3_000 + 6_000);
  // 1.7 s, and four times what 3 s are longer.
  for (const at of [9_000, 15_900]) {
    t.loss.expire(slow, at);
    assert.equal(t.loss.deadline(slow), at + 6_900);
  }
});

Deno.test("LossDetector.onAcked() ends the backoff, but not while a client is unproven", () => {
  const t = new Setup();
  t.initial.send(0);
  t.loss.expire(t.rtt, 300);
  t.context.mustProbeUnasked = true;
  t.loss.onAcked(310);
  assert.equal(t.loss.ptoCount, 1);
  t.context.mustProbeUnasked = false;
  t.loss.onAcked(320);
  assert.equal(t.loss.ptoCount, 0);
});

Deno.test("LossDetector lets a client probe with nothing in flight so that the server may go on", () => {
  const t = new Setup();
  t.context.mustProbeUnasked = true;
  t.loss.restart(1_000);
  assert.equal(t.deadline, 1_300);
  assert.ok(t.loss.expire(t.rtt, 1_300));
  assert.equal(t.initial.space.probes, 1);
  t.context.hasHandshakeKeys = true;
  t.loss.ptoCount = 0;
  assert.ok(t.loss.expire(t.rtt, 1_600));
  assert.equal(t.initial.space.probes, 1, "as before");
  assert.equal(t.handshake.space.probes, 1);
  t.loss.drop(t.initial.space);
  t.loss.restart(2_000);
  assert.ok(t.loss.expire(t.rtt, 2_300));
  assert.equal(t.handshake.space.probes, 1);
});

Deno.test("LossDetector.drop() ends the backoff and looks at the space no more", () => {
  const t = new Setup();
  t.initial.send(0);
  t.loss.expire(t.rtt, 300);
  t.loss.drop(t.initial.space);
  assert.equal(t.loss.ptoCount, 0);
  assert.equal(t.deadline, Infinity);
});

Deno.test("LossDetector.expire() declares lost what is due without counting a probe", () => {
  const t = new Setup();
  t.initial.send(0);
  t.initial.ack([t.initial.send(0)], 40);
  assert.equal(t.loss.expire(t.rtt, 45), false);
  assert.equal(t.initial.carrier.lost.length, 1);
  assert.equal(t.loss.ptoCount, 0);
});

/** A 1-RTT space after the handshake whose round trips take 60 ms and vary by nothing. */
function steady() {
  const t = new TestSpace(3);
  const context = { handshakeConfirmed: true, mustProbeUnasked: false, hasHandshakeKeys: false };
  const rtt = new RttEstimator();
  for (let i = 0; i < 40; i++) rtt.update(60, 0);
  const loss = new LossDetector([t.space], context);
  const deadline = (hasOther = true) => Math.round(loss.deadline(rtt, hasOther));
  return { t, rtt, loss, deadline };
}

Deno.test("LossDetector starts over with every packet that leaves, if there is one path", () => {
  const { t, deadline } = steady();
  for (let at = 0; at <= 1_000; at += 20) t.send(at);
  assert.equal(deadline(false), 1_061);
});

Deno.test("LossDetector waits for an answer to one of three packets, if there is another path", () => {
  const { t, loss, rtt, deadline } = steady();
  for (let at = 0; at <= 100; at += 10) t.send(at);
  assert.equal(deadline(), 20 + 61);
  assert.ok(!loss.expire(rtt, 80, true));
  assert.ok(loss.expire(rtt, 81, true));
  assert.equal(t.space.probes, 2);
});

Deno.test("LossDetector waits for the second or third packet no longer than for the first", () => {
  const { t, deadline } = steady();
  t.send(0);
  assert.equal(deadline(), 61);
  t.send(40);
  assert.equal(deadline(), 101);
  t.send(80);
  assert.equal(deadline(), 122);
});

Deno.test("LossDetector counts the time since the last answer, whatever waits from before", () => {
  const { t, loss, deadline } = steady();
  t.send(0);
  const second = t.send(10);
  for (let at = 20; at <= 100; at += 10) t.send(at);
  t.ack([second], 70);
  loss.onAcked(70);
  assert.equal(deadline(), Math.min(t.space.lossDeadline, 70 + 61));
  t.space.detectLoss(68);
  assert.equal(deadline(), 131);
});

Deno.test("LossDetector does without another path no longer than 200 ms or two round trips", () => {
  for (const [mean, longest] of [[60, 200], [150, 300]] as const) {
    const { t, loss, rtt } = steady();
    rtt.smoothed = mean;
    rtt.variation = 500;
    rtt.steady.reset(mean, 500);
    t.send(0);
    assert.equal(loss.deadline(rtt, true), longest);
    assert.equal(loss.deadline(rtt, false), mean + 2_000);
    for (let at = 10; at <= 400; at += 10) t.send(at);
    assert.equal(loss.deadline(rtt, true), longest);
  }
});

Deno.test("LossDetector looks for silence beside losses by time, if there is another path", () => {
  const { t, rtt, loss } = steady();
  for (let at = 0; at < 3; at++) t.send(at);
  t.carrier.rtt.update(3_000, 0);
  t.carrier.rtt.settle(3_000);
  t.ack([1], 30);
  loss.onAcked(30);
  assert.equal(loss.deadline(rtt, false), t.space.lossDeadline);
  assert.ok(t.space.lossDeadline > 2_000);
  assert.equal(Math.round(loss.deadline(rtt, true)), 2 + 61);
});

Deno.test("LossDetector does not ask at once again when the first answer ends the backoff", () => {
  for (const hasOther of [false, true]) {
    const { t, rtt, loss } = steady();
    t.send(0);
    for (let i = 0; i < 4; i++) {
      const at = loss.deadline(rtt, hasOther);
      assert.ok(loss.expire(rtt, at, hasOther));
      t.send(at);
    }
    t.ack([0], 2_000);
    loss.onAcked(2_000);
    rtt.smoothed = 60;
    rtt.variation = 0;
    assert.equal(loss.ptoCount, 0);
    assert.equal(loss.deadline(rtt, hasOther), 2_061);
  }
});
