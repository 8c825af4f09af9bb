import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { TestCarrier, TestSpace } from "./fakes.ts";
import { threadTime } from "../thread_time.ts";

function isViolation(error: unknown): boolean {
  return error instanceof TransportError && error.code === ErrorCode.ProtocolViolation;
}

Deno.test("PacketSpace.onAck() settles frames, bytes in flight and the round-trip time", () => {
  const t = new TestSpace();
  const numbers = t.sendMany(3, 0);
  assert.equal(t.carrier.bytesInFlight, 3_000);
  assert.equal(t.ack(numbers, 40, 10), 3);
  assert.deepEqual(t.owner.acked.toSorted(), numbers);
  assert.equal(t.carrier.bytesInFlight, 0);
  assert.equal(t.carrier.rtt.latest, 40);
  assert.equal(t.space.elicitingInFlight, 0);
  assert.equal(t.carrier.acksProcessed, 1);
});

Deno.test("PacketSpace.onAck() counts nothing twice", () => {
  const t = new TestSpace();
  const numbers = t.sendMany(3, 0);
  t.ack(numbers, 40);
  assert.equal(t.ack(numbers, 400), 0);
  assert.equal(t.carrier.rtt.latest, 40);
  assert.equal(t.owner.acked.length, 3);
  assert.equal(t.space.elicitingInFlight, 0);
});

Deno.test("PacketSpace.onAck() takes no round-trip time of a packet that elicits nothing", () => {
  const t = new TestSpace();
  const first = t.send(0);
  const second = t.send(10, false);
  t.ack([first, second], 50);
  assert.equal(t.carrier.rtt.isMeasured, false);
});

Deno.test("PacketSpace.onAck() takes what a peer calculates for the handshake for no variation", () => {
  const t = new TestSpace(1, true);
  t.ack([t.send(0)], 20);
  t.ack([t.send(100)], 140); // 20 ms longer, for a signature
  assert.deepEqual([t.carrier.rtt.smoothed, t.carrier.rtt.variation], [20, 0.75 * 10]);
  const later = new TestSpace();
  later.ack([later.send(0)], 40);
  later.ack([later.send(100)], 130);
  assert.equal(later.carrier.rtt.smoothed, 0.875 * 40 + 0.125 * 30, "after it, all counts");
});

Deno.test("PacketSpace.onAck() refuses numbers that were never sent [attack ack-of-unsent]", () => {
  const t = new TestSpace();
  assert.throws(() => t.ack([0], 0), isViolation);
  const numbers = t.sendMany(5, 0);
  assert.throws(() => t.ack([numbers[4]! + 1], 10), isViolation);
  assert.throws(() => t.ack([2 ** 53 - 1], 10), isViolation);
});

Deno.test("PacketSpace.onAck() refuses numbers that were skipped to catch blind acknowledging [attack ack-of-unsent]", () => {
  const t = new TestSpace();
  let skipped = -1;
  for (let i = 0; i < 300 && skipped < 0; i++) {
    const expected = t.space.sent.next;
    if (t.send(0) !== expected && i > 0) skipped = expected;
  }
  assert.ok(skipped > 0, "a number below 257 is left out");
  assert.throws(() => t.ack([skipped], 10), isViolation);
  const blind = Array.from({ length: skipped + 2 }, (_, i) => i);
  assert.throws(() => t.ack(blind, 10), isViolation);
});

Deno.test("PacketSpace skips other numbers for other seeds, and rarer and rarer", () => {
  const skips = [1, 2, 3].map((seed) => {
    const t = new TestSpace(seed);
    const skipped: number[] = [];
    for (let i = 0, last = -1; i < 5_000; i++) {
      const number = t.send(i);
      if (number !== last + 1) skipped.push(number - 1);
      last = number;
      t.ack([number], i);
    }
    return skipped;
  });
  for (const skipped of skips) assert.ok(skipped.length >= 2 && skipped.length < 20);
  assert.notDeepEqual(skips[0], skips[1]);
  assert.notDeepEqual(skips[1], skips[2]);
});

Deno.test("PacketSpace.nextNumber never repeats or falls", () => {
  const t = new TestSpace();
  let last = -1;
  for (let i = 0; i < 3_000; i++) {
    assert.equal(t.space.nextNumber, t.space.nextNumber);
    const number = t.send(i);
    assert.ok(number > last);
    last = number;
    if (i % 10 === 0) t.space.discard(false);
  }
});

Deno.test("PacketSpace declares a packet lost when three later ones arrived", () => {
  const t = new TestSpace();
  const [a, b, c, d] = t.sendMany(4, 0) as [number, number, number, number];
  t.ack([b, c], 10);
  assert.deepEqual(t.carrier.lost, []);
  t.ack([d], 10);
  assert.deepEqual(t.carrier.lost, [a]);
  assert.deepEqual(t.owner.lost, [a]);
  assert.equal(t.space.elicitingInFlight, 0);
  assert.equal(t.space.counters.packetsLost, 1);
});

Deno.test("PacketSpace declares a packet lost by time, 9/8 of the round-trip time", () => {
  const t = new TestSpace();
  const first = t.send(0);
  const second = t.send(0);
  t.ack([second], 80);
  assert.equal(t.space.lossDeadline, 90);
  t.space.detectLoss(89.9);
  assert.deepEqual(t.carrier.lost, []);
  t.space.detectLoss(90);
  assert.deepEqual(t.carrier.lost, [first]);
  assert.equal(t.space.lossDeadline, Infinity);
});

Deno.test("PacketSpace gives back what was wrongly taken for lost, and waits longer next time", () => {
  const t = new TestSpace();
  const numbers = t.sendMany(10, 0);
  t.ack(numbers.slice(5, 8), 10);
  assert.deepEqual(t.carrier.lost, numbers.slice(0, 5));
  t.ack(numbers.slice(0, 5), 12);
  assert.deepEqual(t.carrier.spurious.toSorted(), numbers.slice(0, 5));
  const { packetsSent, packetsLost, packetsSpurious } = t.space.counters;
  assert.deepEqual([packetsSent, packetsLost, packetsSpurious], [10, 5, 5]);
  assert.equal(t.carrier.bytesInFlight, 2_000);
  assert.deepEqual(t.owner.acked.length, 8);
  // Seven numbers of reordering were seen, so that many are borne now.
  const more = t.sendMany(8, 20);
  t.ack(more.slice(1, 7), 30);
  assert.ok(!t.carrier.lost.includes(more[0]!));
});

Deno.test("PacketSpace forgets lost packets in time", () => {
  for (const late of [80, 400]) {
    const t = new TestSpace();
    t.space.rememberFor(100);
    const numbers = t.sendMany(4, 0);
    t.ack(numbers.slice(1), 10);
    t.ack([t.send(late)], late + 10);
    t.ack([numbers[0]!], late + 20);
    assert.deepEqual(t.carrier.spurious, late === 80 ? [numbers[0]] : []);
    assert.equal(t.space.sent.first, t.space.sent.next);
  }
});

Deno.test("PacketSpace sees persistent congestion over three probe timeouts of silence", () => {
  for (const last of [508, 510]) {
    const t = new TestSpace();
    t.ack([t.send(0)], 50); // with the next sample a probe timeout is 136.25 ms
    const numbers = [100, 200, 300, 400, last].map((time) => t.send(time));
    t.ack([560, 560, 560].map((time) => t.send(time)), 620);
    assert.deepEqual(t.carrier.lost, numbers);
    assert.equal(t.carrier.persistent > 0, last > 509);
  }
});

Deno.test("PacketSpace sees no persistent congestion when something between arrived", () => {
  const t = new TestSpace();
  t.ack([t.send(0)], 50);
  const numbers = [100, 200, 300, 400, 551].map((time) => t.send(time));
  const last = [560, 560, 560].map((time) => t.send(time));
  t.ack([numbers[2]!, ...last], 620);
  assert.equal(t.carrier.lost.length, 4);
  assert.equal(t.carrier.persistent, 0);
});

Deno.test("PacketSpace sees persistent congestion on one 4-tuple, not over two of them", () => {
  for (const moved of [false, true]) {
    const t = new TestSpace();
    const other = new TestCarrier();
    const now = moved ? other : t.carrier;
    for (const carrier of [t.carrier, other]) t.ack([t.send(0, true, carrier)], 50);
    for (const time of [100, 300]) t.send(time);
    for (const time of [500, 700]) t.send(time, true, now);
    t.ack([760, 760, 760].map((time) => t.send(time, true, now)), 820);
    assert.equal(t.carrier.lost.length + other.lost.length, 4);
    assert.equal(t.carrier.persistent, moved ? 0 : 4);
    assert.equal(other.persistent, 0);
  }
});

// RFC 9000, Section 14.4: on a narrow path all of them are lost.
Deno.test("PacketSpace sees no persistent congestion in lost probes of the datagram size", () => {
  const t = new TestSpace();
  t.ack([t.send(0)], 50);
  for (const time of [100, 600]) t.space.sent.get(t.send(time))!.isMtuProbe = true;
  t.ack([660, 660, 660].map((time) => t.send(time)), 720);
  assert.equal(t.carrier.lost.length, 2);
  assert.equal(t.carrier.persistent, 0);
});

Deno.test("PacketSpace sees no persistent congestion among packets older than the first sample", () => {
  const t = new TestSpace();
  for (const time of [0, 2_000, 4_000, 6_000]) t.send(time);
  const last = [6_001, 6_001, 6_001].map((time) => t.send(time));
  t.ack(last, 6_051);
  assert.equal(t.carrier.lost.length, 4);
  assert.equal(t.carrier.persistent, 0);
});

Deno.test("PacketSpace.requeueOutstanding() hands frames back while the packets stay in flight", () => {
  const t = new TestSpace();
  const numbers = t.sendMany(4, 0);
  assert.equal(t.space.requeueOutstanding(2), 2);
  assert.deepEqual(t.owner.lost, numbers.slice(0, 2));
  assert.equal(t.carrier.bytesInFlight, 4_000);
  assert.equal(t.space.requeueOutstanding(Infinity), 2);
  assert.equal(t.space.requeueOutstanding(Infinity), 0);
  t.ack(numbers, 10);
  assert.equal(t.carrier.bytesInFlight, 0);
  assert.equal(t.owner.acked.length, 4);
});

Deno.test("PacketSpace.elicitingInFlight counts nothing that elicits nothing, lost or not", () => {
  const t = new TestSpace();
  const silent = t.send(0, false);
  const numbers = t.sendMany(6, 1);
  assert.equal(t.space.elicitingInFlight, 6);
  t.ack(numbers.slice(-1), 50);
  assert.equal(t.space.counters.packetsLost, numbers.filter((n) => n < numbers[5]! - 2).length + 1);
  assert.equal(t.space.sent.get(silent), undefined);
  assert.equal(t.space.elicitingInFlight, 5 - t.carrier.lost.length);
});

Deno.test("PacketSpace.discard() looks for losses no longer", () => {
  const t = new TestSpace();
  t.ack(t.sendMany(2, 0).slice(1), 40);
  assert.ok(t.space.lossDeadline < Infinity);
  t.space.discard(false);
  assert.equal(t.space.lossDeadline, Infinity);
});

Deno.test("PacketSpace.discard() takes everything out of flight", () => {
  for (const requeue of [true, false]) {
    const t = new TestSpace();
    const numbers = t.sendMany(3, 0);
    t.space.received.add(0, true, 0);
    t.space.discard(requeue);
    assert.equal(t.carrier.bytesInFlight, 0);
    assert.deepEqual(t.carrier.discarded, numbers);
    assert.deepEqual(t.owner.lost, requeue ? numbers : []);
    assert.equal(t.space.elicitingInFlight, 0);
    assert.equal(t.space.received.deadline, Infinity);
    // A late acknowledgement finds nothing, and is no violation either.
    assert.equal(t.ack(numbers, 10), 0);
  }
});

Deno.test("PacketSpace credits the 4-tuple that a packet left on", () => {
  const t = new TestSpace();
  const other = new TestCarrier();
  const a = t.send(0);
  const b = t.send(0, true, other);
  t.ack([a, b], 30);
  assert.deepEqual(t.carrier.acked, [a]);
  assert.deepEqual(other.acked, [b]);
  assert.equal(other.rtt.latest, 30);
  assert.equal(t.carrier.rtt.isMeasured, false);
  assert.equal(other.acksProcessed, 1);
});

Deno.test("PacketSpace remembers which ACK of ours arrived", () => {
  const t = new TestSpace();
  for (let i = 0; i < 300; i++) t.space.received.add(i, true, 0);
  t.space.received.noteReported();
  const number = t.space.nextNumber;
  const packet = t.space.sent.take().reset(number, 100, 0, t.carrier);
  packet.isEliciting = packet.isInFlight = true;
  packet.acknowledges = t.space.received.takeReported();
  t.space.onSent(packet, 0);
  t.ack([number], 10);
  assert.equal(t.space.received.ranges.first, 300 - 128);
});

Deno.test("PacketSpace works through an ACK of 256 ranges quickly [attack ack-ranges]", () => {
  const t = new TestSpace();
  for (let i = 0; i < 1_000; i++) t.send(i);
  const every = [];
  for (let i = 0; i < 512; i += 2) if (t.space.sent.get(i)) every.push(i);
  const start = threadTime();
  t.ack(every, 1_000);
  assert.ok(threadTime() - start < 100);
});

Deno.test("PacketSpace.answeredFrom() is when the packet left that the next ACK answers", () => {
  const t = new TestSpace();
  t.space.allowDelay(25);
  assert.equal(t.space.answeredFrom(2), Infinity);
  t.send(1, false);
  const first = t.send(5);
  assert.equal(t.space.answeredFrom(2), 5 + 25, "one alone waits for the peer's patience to end");
  t.send(9);
  assert.equal(t.space.answeredFrom(2), 9);
  assert.equal(t.space.answeredFrom(10), 5 + 25);
  t.ack([first], 10);
  assert.equal(t.space.answeredFrom(2), 9 + 25);
  t.send(60);
  assert.equal(t.space.answeredFrom(2), 9 + 25, "the second comes too late to shorten that");
});

Deno.test("PacketSpace asks for an answer behind what was the last for a while", () => {
  const t = new TestSpace();
  t.space.noteTail(5, 0);
  assert.equal(t.space.tail.decidesAt, Infinity, "nothing is in flight");
  t.send(10);
  t.space.noteTail(5, 10);
  t.space.expireTail(14);
  assert.equal(t.space.tail.isDue, false);
  t.space.expireTail(15);
  assert.equal(t.space.tail.isDue, true);
  t.space.tail.onWritten();
  t.space.noteTail(5, 20);
  t.send(22);
  t.space.expireTail(25);
  assert.equal(t.space.tail.isDue, false, "what was sent meanwhile was not the last");
  assert.equal(t.space.tail.decidesAt, Infinity);
});

Deno.test("PacketSpace.expectedAckDelay is short behind a packet that hurries the peer", () => {
  const t = new TestSpace();
  t.space.allowDelay(25);
  assert.equal(t.space.expectedAckDelay, 25);
  t.space.hurryNext();
  t.send(1);
  assert.equal(t.space.expectedAckDelay, 5);
  t.send(2);
  assert.equal(t.space.expectedAckDelay, 25, "it is not the last any more");
});

// A peer that acknowledges every other packet leaves us thousands to remember as lost.
Deno.test("PacketSpace works through ACKs without end quickly, however much was lost [attack ack-flood-after-loss]", () => {
  const t = new TestSpace();
  t.space.rememberFor(10_000);
  const numbers = t.sendMany(20_000, 0);
  const every = numbers.filter((_, i) => i % 2 === 1);
  for (let i = 0; i < every.length; i += 250) t.ack(every.slice(i, i + 250), 50);
  assert.ok(t.carrier.lost.length > 9_900);
  const start = threadTime();
  for (let i = 0; i < 2_000; i++) t.ack(every.slice(-256), 60);
  assert.ok(threadTime() - start < 1_000, `${threadTime() - start} ms`);
  // A late acknowledgement of any of them is recognised all the same.
  const late = [numbers[0]!, numbers[10_000]!, numbers[19_000]!];
  assert.equal(t.ack(late, 70), 3);
  assert.deepEqual(t.carrier.spurious.toSorted((a, b) => a - b), late);
  assert.equal(t.ack(late, 80), 0);
});
