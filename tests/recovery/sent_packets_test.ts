import assert from "node:assert/strict";
import { Fate, type SentPacket } from "../../src/recovery/sent_packet.ts";
import { SentPackets } from "../../src/recovery/sent_packets.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { TestCarrier, TestOwner } from "./fakes.ts";

const carrier = new TestCarrier();

function add(sent: SentPackets, number: number, now = 0): SentPacket {
  const packet = sent.take().reset(number, 100, now, carrier);
  sent.add(packet);
  return packet;
}

Deno.test("SentPackets.get() finds what was added, and nothing else", () => {
  const sent = new SentPackets();
  assert.equal(sent.get(0), undefined);
  const packets = [3, 4, 6].map((number) => add(sent, number));
  assert.equal(sent.get(3), packets[0]);
  assert.equal(sent.get(6), packets[2]);
  for (const number of [-1, 0, 2, 5, 7, 67, 2 ** 50]) assert.equal(sent.get(number), undefined);
  assert.equal(sent.next, 7);
});

Deno.test("SentPackets.get() knows no number that is to come, when the ring is full", () => {
  const sent = new SentPackets();
  for (let size = 1; size <= 256; size++) {
    add(sent, size - 1);
    assert.equal(sent.get(size), undefined);
  }
});

Deno.test("SentPackets.add() grows without losing any packet", () => {
  const sent = new SentPackets();
  const packets = new Map<number, SentPacket>();
  let number = 61; // the ring wraps at once
  for (let i = 0; i < 1_000; i++, number += i % 7 === 0 ? 2 : 1) {
    packets.set(number, add(sent, number));
  }
  for (const [number, packet] of packets) assert.equal(sent.get(number), packet);
});

Deno.test("SentPackets.trim() stops at what is outstanding", () => {
  const sent = new SentPackets();
  const packets = [0, 1, 2, 3].map((number) => add(sent, number));
  for (const i of [0, 1, 3]) packets[i]!.fate = Fate.Acked;
  sent.trim();
  assert.equal(sent.first, 2);
  assert.equal(sent.get(1), undefined);
  assert.equal(sent.get(3), packets[3]);
});

Deno.test("SentPackets.trim() passes over lost packets without using them again", () => {
  const sent = new SentPackets();
  const [lost, acked] = [0, 1].map((number) => add(sent, number));
  lost!.fate = Fate.Lost;
  acked!.fate = Fate.Acked;
  sent.trim();
  assert.equal(sent.get(0), undefined);
  assert.equal(sent.take(), acked);
  assert.notEqual(sent.take(), lost);
  sent.recycle(lost!);
  assert.equal(sent.take(), lost);
});

Deno.test("SentPackets.lastBy() finds the last packet that left by a time, gaps or not", () => {
  const random = new SeededRandom(1, "last by");
  const sent = new SentPackets();
  assert.equal(sent.lastBy(1e9), undefined);
  const all: SentPacket[] = [];
  let number = 0;
  let now = 0;
  for (let i = 0; i < 300; i++) {
    all.push(add(sent, number, now));
    number += random.chance(0.2) ? 1 + Math.floor(random.between(1, 9)) : 1;
    if (random.chance(0.7)) now += random.between(0, 5);
  }
  for (const packet of all.slice(0, 40)) packet.fate = Fate.Acked;
  sent.trim();
  const known = all.slice(40);
  for (let i = 0; i < 500; i++) {
    const time = random.between(-5, now + 5);
    const expected = known.findLast(({ timeSent }) => timeSent <= time);
    assert.equal(sent.lastBy(time), expected, `at ${time}`);
  }
  assert.equal(sent.lastBy(known[0]!.timeSent - 1), undefined);
});

Deno.test("SentPackets.clear() forgets all, and numbers go on", () => {
  const sent = new SentPackets();
  for (let i = 0; i < 10; i++) add(sent, i);
  sent.clear();
  for (let i = 0; i < 10; i++) assert.equal(sent.get(i), undefined);
  const packet = add(sent, 12);
  assert.equal(sent.get(12), packet);
  assert.equal(sent.first, 12);
});

Deno.test("SentPackets agrees with a map over random life", () => {
  const random = new SeededRandom(5);
  const sent = new SentPackets();
  const model = new Map<number, SentPacket>();
  let next = 0;
  for (let round = 0; round < 5_000; round++) {
    if (random.chance(0.55)) {
      next += random.chance(0.05) ? 2 : 1;
      model.set(next, add(sent, next));
    } else if (model.size > 0) {
      const key = random.pick([...model.keys()].slice(0, 20));
      model.get(key)!.fate = Fate.Acked;
      sent.trim();
      for (const [number, packet] of model) {
        if (packet.fate === Fate.Outstanding) break;
        assert.equal(sent.get(number), undefined);
        model.delete(number);
      }
    }
    if (round % 100 === 0) {
      for (const [number, packet] of model) assert.equal(sent.get(number), packet);
    }
  }
});

Deno.test("SentPacket.requeue() gives frames back once", () => {
  const owner = new TestOwner();
  const packet = new SentPackets().take().reset(0, 100, 0, carrier);
  packet.frames.record(owner, 1, 7, 0);
  packet.frames.record(owner, 1, 8, 0);
  packet.requeue();
  packet.requeue();
  assert.deepEqual(owner.lost, [7, 8]);
  packet.settle();
  assert.deepEqual(owner.acked, [7, 8]);
});

Deno.test("SentPacket.reset() leaves nothing of the packet before", () => {
  const sent = new SentPackets();
  const packet = add(sent, 0);
  packet.fate = Fate.Acked;
  packet.isRequeued = packet.isMtuProbe = true;
  packet.acknowledges = 5;
  packet.frames.record(new TestOwner(), 1, 0, 0);
  sent.trim();
  const again = sent.take();
  assert.equal(again, packet);
  again.reset(1, 50, 10, carrier);
  assert.deepEqual(
    [again.fate, again.isRequeued, again.isMtuProbe, again.acknowledges, again.frames.count],
    [Fate.Outstanding, false, false, -1, 0],
  );
});
