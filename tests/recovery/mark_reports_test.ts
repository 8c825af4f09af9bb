import assert from "node:assert/strict";
import type { AckFrame } from "../../src/frame/ack_frame.ts";
import { MarkReports, REFUTED } from "../../src/recovery/mark_reports.ts";
import { ackOf, TestCarrier, TestSpace } from "./fakes.ts";

/** An ACK with these counts; without any if there are none. */
function reporting(numbers: readonly number[], counts?: readonly number[]): AckFrame {
  const ack = ackOf(numbers);
  ack.hasEcn = counts !== undefined;
  [ack.ect0 = 0, ack.ect1 = 0, ack.ce = 0] = counts ?? [];
  return ack;
}

/** How many packets an ACK newly acknowledges, and its counts. */
type Report = readonly [number, readonly number[] | undefined];

/** What ten packets sent make of a first report and a second one. */
function judge(first: Report, second: Report): [number, number] {
  const reports = new MarkReports();
  for (let i = 0; i < 10; i++) reports.onSent();
  return [
    reports.judge(reporting([0], first[1]), first[0]),
    reports.judge(reporting([0], second[1]), second[0]),
  ];
}

Deno.test("MarkReports.judge() believes counts that fit what is acknowledged, lost ACKs allowed for", () => {
  assert.deepEqual(judge([4, [4, 0, 0]], [3, [6, 0, 1]]), [0, 1]);
  assert.deepEqual(judge([2, [6, 0, 2]], [0, [6, 0, 2]]), [2, 0]);
  assert.deepEqual(judge([0, undefined], [0, [2, 0, 8]]), [0, 8]);
});

Deno.test("MarkReports.judge() refutes counts that are missing, too small, or more than was sent", () => {
  for (
    const [acked, counts] of [
      [1, undefined], // the peer reports none, or the field was cleared
      [3, [2, 0, 0]],
      [3, [1, 0, 1]],
      [0, [0, 1, 0]], // nothing left with ECT(1)
      [0, [11, 0, 0]],
      [0, [2, 0, 9]],
    ] as Report[]
  ) {
    assert.deepEqual(judge([0, [0, 0, 0]], [acked, counts])[1], REFUTED, `${acked}, ${counts}`);
  }
  assert.equal(judge([5, [5, 0, 0]], [0, [4, 0, 5]])[1], REFUTED, "counts never fall");
  assert.equal(judge([5, [0, 0, 5]], [0, [9, 0, 1]])[1], REFUTED, "counts never fall");
});

/** A space that has sent ECN-capable packets, each on one of two 4-tuples. */
function markedSpace(count: number, elsewhereFrom = count): [TestSpace, TestCarrier] {
  const t = new TestSpace();
  const other = new TestCarrier();
  for (let i = 0; i < count; i++) {
    const { space } = t;
    const carrier = i < elsewhereFrom ? t.carrier : other;
    const packet = space.sent.take().reset(space.nextNumber, 1_000, i, carrier);
    packet.isEliciting = packet.isInFlight = packet.isMarked = true;
    space.onSent(packet, i);
  }
  return [t, other];
}

Deno.test("PacketSpace tells the 4-tuple what an ACK reports of marks", () => {
  const [t] = markedSpace(6);
  const numbers = [...Array(t.space.sent.next).keys()].filter((n) => t.space.sent.get(n));
  t.space.onAck(reporting(numbers.slice(0, 3), [2, 0, 1]), 0, -1, 50);
  t.space.onAck(reporting(numbers, [5, 0, 1]), 0, -1, 60);
  assert.deepEqual(t.carrier.reports, [[3, 1, numbers[2]!], [3, 0, numbers.at(-1)!]]);
  assert.equal(t.carrier.refuted, 0);
});

Deno.test("PacketSpace believes no counts of an ACK that was overtaken", () => {
  const [t] = markedSpace(6);
  const numbers = [...Array(t.space.sent.next).keys()].filter((n) => t.space.sent.get(n));
  t.space.onAck(reporting(numbers.slice(3), [3, 0, 0]), 0, -1, 50);
  t.space.onAck(reporting(numbers.slice(0, 3), [1, 0, 0]), 0, -1, 60);
  assert.equal(t.carrier.reports.length, 1);
  assert.equal(t.carrier.refuted, 0);
});

Deno.test("PacketSpace refutes the marks of every 4-tuple that an ACK without counts concerns", () => {
  const [t, other] = markedSpace(6, 4);
  const numbers = [...Array(t.space.sent.next).keys()].filter((n) => t.space.sent.get(n));
  t.space.onAck(reporting(numbers.slice(0, 2)), 0, -1, 50);
  assert.deepEqual([t.carrier.refuted, other.refuted], [1, 0]);
  t.space.onAck(reporting(numbers), 0, -1, 60);
  assert.deepEqual([t.carrier.refuted, other.refuted], [2, 1]);
});
