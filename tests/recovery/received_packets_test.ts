import assert from "node:assert/strict";
import { Ecn } from "../../src/bytes/ecn.ts";
import { ReceivedPackets } from "../../src/recovery/received_packets.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

const usual = { elicitingThreshold: 2, maxAckDelay: 25, timerLateness: 0, reorderingThreshold: 1 };

function make(reorderingThreshold = 1): ReceivedPackets {
  return new ReceivedPackets({ ...usual, reorderingThreshold });
}

Deno.test("ReceivedPackets asks for an ACK after the delay, or with the second packet", () => {
  const received = make();
  received.add(0, true, 100);
  assert.equal(received.deadline, 125);
  received.add(1, true, 110);
  assert.equal(received.deadline, -Infinity);
  received.onAckSent();
  assert.equal(received.deadline, Infinity);
  assert.equal(received.eliciting, 0);
});

Deno.test("ReceivedPackets reckons with timers that fire late, unless the delay is too short", () => {
  const policy = { ...usual, timerLateness: 2 };
  const received = new ReceivedPackets(policy);
  received.add(0, true, 100);
  assert.deepEqual([received.deadline, received.canBeLate], [123, true]);
  received.onAckSent();
  policy.maxAckDelay = 4; // by ACK_FREQUENCY
  received.add(1, true, 200);
  assert.deepEqual([received.deadline, received.canBeLate], [204, false]);
  assert.equal(make().canBeLate, false, "in virtual time nothing is late");
});

Deno.test("ReceivedPackets never asks for an ACK of packets that elicit none", () => {
  const received = make();
  for (let i = 0; i < 50; i++) received.add(i, false, i);
  assert.equal(received.deadline, Infinity);
  assert.equal(received.hasUnreported, true);
  received.hurry();
  assert.equal(received.deadline, Infinity);
});

Deno.test("ReceivedPackets acknowledges a gap, and what fills one, at once", () => {
  const received = make();
  received.add(0, true, 0);
  received.onAckSent();
  received.add(2, true, 1);
  assert.equal(received.deadline, -Infinity);
  received.onAckSent();
  received.add(1, true, 2);
  assert.equal(received.deadline, -Infinity);
});

/** Which of some packets, received one by one, are told of at once because of their numbers alone. */
function toldAtOnce(reorderingThreshold: number, numbers: readonly number[]): number[] {
  const policy = { ...usual, elicitingThreshold: Infinity, maxAckDelay: 1_000 };
  const received = new ReceivedPackets({ ...policy, reorderingThreshold });
  return numbers.filter((number) => {
    received.add(number, true, 0);
    const isDue = received.deadline === -Infinity;
    if (isDue) received.onAckSent();
    return isDue;
  });
}

// The examples of ACK frequency, Section 6.2.1.
Deno.test("ReceivedPackets tells of a missing packet when the peer would take it to be lost", () => {
  assert.deepEqual(toldAtOnce(3, [0, 1, 3, 4, 5, 8, 9, 10]), [5, 9, 10]);
  assert.deepEqual(toldAtOnce(5, [0, 1, 3, 5, 6, 7, 8, 9]), [7, 9]);
  assert.deepEqual(toldAtOnce(1, [0, 1, 3, 4, 5, 8, 9, 10]), [3, 8]);
  assert.deepEqual(toldAtOnce(Infinity, [0, 9, 1, 20, 50]), []);
});

Deno.test("ReceivedPackets tells of a packet that comes when it was taken to be lost", () => {
  assert.deepEqual(toldAtOnce(3, [0, 2, 3, 4, 1]), [4, 1]);
  // It comes in time, and nothing is missing any more.
  assert.deepEqual(toldAtOnce(3, [0, 2, 3, 1, 4, 5, 6, 7]), []);
});

Deno.test("ReceivedPackets does not move its deadline back when more arrives", () => {
  const received = new ReceivedPackets({ ...usual, elicitingThreshold: 10 });
  received.add(0, true, 0);
  received.add(1, true, 20);
  assert.equal(received.deadline, 25);
});

Deno.test("ReceivedPackets.hurryNext() concerns one packet", () => {
  const received = make();
  received.hurryNext();
  received.add(0, true, 0);
  assert.equal(received.deadline, -Infinity);
  received.onAckSent();
  received.add(1, true, 0);
  assert.equal(received.deadline, 25);
});

Deno.test("ReceivedPackets.isDuplicate() knows what came", () => {
  const received = make();
  for (const number of [0, 1, 5, 9]) received.add(number, true, 0);
  for (const number of [0, 1, 5, 9]) assert.ok(received.isDuplicate(number));
  for (const number of [2, 4, 6, 8, 10]) assert.ok(!received.isDuplicate(number));
});

Deno.test("ReceivedPackets keeps 64 ranges; what it gave up counts as received", () => {
  const received = make();
  for (let i = 0; i < 1_000; i++) received.add(i * 2, true, 0);
  assert.equal(received.ranges.count, 64);
  assert.ok(received.isDuplicate(0));
  // Never seen, yet refused: it can no longer be told from a replay.
  assert.ok(received.isDuplicate(1));
  assert.ok(!received.isDuplicate(1_997));
});

Deno.test("ReceivedPackets.onAckAcked() forgets old ranges but not replays", () => {
  const received = make();
  for (let i = 0; i < 400; i++) if (i % 100 !== 50) received.add(i, true, 0);
  assert.equal(received.ranges.count, 5);
  received.onAckAcked(399);
  assert.equal(received.ranges.count, 2);
  assert.equal(received.ranges.first, 272);
  for (const number of [0, 50, 271, 300]) assert.ok(received.isDuplicate(number));
  assert.ok(!received.isDuplicate(350));
  received.onAckAcked(10); // older news changes nothing
  assert.equal(received.ranges.first, 272);
});

Deno.test("ReceivedPackets.delay() counts from the largest number", () => {
  const received = make();
  received.add(5, true, 100);
  received.add(3, true, 140);
  assert.equal(received.delay(150), 50);
  assert.equal(received.delay(90), 0); // a clock that went back
});

Deno.test("ReceivedPackets tells once what the packet of the same space acknowledges", () => {
  const received = make();
  received.add(7, true, 0);
  received.noteReported();
  assert.equal(received.takeReported(), 7);
  assert.equal(received.takeReported(), -1);
});

Deno.test("ReceivedPackets never passes a number twice, in any order", () => {
  const random = new SeededRandom(3);
  const received = make();
  const passed = new Set<number>();
  for (let i = 0; i < 20_000; i++) {
    const number = Math.max(0, Math.floor(i / 2) - 80 + random.below(160));
    if (received.isDuplicate(number)) continue;
    assert.ok(!passed.has(number));
    passed.add(number);
    received.add(number, true, i);
    if (random.chance(0.01)) received.onAckAcked(received.largest - random.below(100));
    assert.ok(received.ranges.count <= 64);
  }
  assert.ok(passed.size > 8_000);
});

Deno.test("ReceivedPackets counts ECN marks, and has each mark of congestion told at once", () => {
  const received = make();
  const marks = [Ecn.Ect0, Ecn.Ce, Ecn.NotEct, Ecn.Ect1, Ecn.Ce, Ecn.Ce];
  for (const [number, mark] of marks.entries()) {
    received.add(number, true, 0, 0, mark);
    assert.equal(received.deadline, mark === Ecn.Ce ? -Infinity : 25, `${number}`);
    received.onAckSent();
  }
  const { ect0, ect1, ce, isEmpty } = received.marks;
  assert.deepEqual([ect0, ect1, ce, isEmpty], [1, 1, 3, false]);
  assert.ok(make().marks.isEmpty);
});

Deno.test("ReceivedPackets hurries for the first mark of congestion in a row if ACKs are to be few", () => {
  const received = new ReceivedPackets({
    ...usual,
    elicitingThreshold: 20,
    reorderingThreshold: 1,
  });
  const hurried = [Ecn.Ce, Ecn.Ce, Ecn.Ect0, Ecn.Ce].map((mark, number) => {
    received.add(number, true, 0, 0, mark);
    const { deadline } = received;
    received.onAckSent();
    return deadline === -Infinity;
  });
  assert.deepEqual(hurried, [true, false, false, true]);
});
