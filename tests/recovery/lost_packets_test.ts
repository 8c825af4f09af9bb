import assert from "node:assert/strict";
import { LostPackets } from "../../src/recovery/lost_packets.ts";
import { SentPacket } from "../../src/recovery/sent_packet.ts";
import { ackOf, TestCarrier } from "./fakes.ts";

function lostAt(number: number, time: number): SentPacket {
  const packet = new SentPacket().reset(number, 100, 0, new TestCarrier());
  packet.lostAt = time;
  return packet;
}

function numbersOf(packets: readonly SentPacket[]): number[] {
  return packets.map(({ number }) => number);
}

Deno.test("LostPackets.takeAcked() takes what is named, in whatever order it was lost", () => {
  const lost = new LostPackets();
  for (const number of [10, 12, 11, 30, 20, 5]) lost.add(lostAt(number, 0));
  const taken: SentPacket[] = [];
  lost.takeAcked(ackOf([31, 30, 12, 11, 6]), taken);
  assert.deepEqual(numbersOf(taken), [30, 11, 12]);
  assert.ok(taken.every(({ isKept: kept }) => !kept));
  lost.takeAcked(ackOf([31, 30, 12, 11, 6]), taken);
  assert.equal(taken.length, 3);
  lost.takeAcked(ackOf([20, 10, 5]), taken);
  assert.deepEqual(numbersOf(taken.slice(3)), [20, 10, 5]);
  assert.equal(lost.size, 0);
});

Deno.test("LostPackets.takeOld() takes what was lost long ago, whatever its number", () => {
  const lost = new LostPackets();
  lost.add(lostAt(1, 500));
  lost.add(lostAt(2, 100));
  lost.add(lostAt(3, 600));
  const taken: SentPacket[] = [];
  lost.takeOld(150, 100, taken);
  assert.deepEqual(taken, []);
  lost.takeOld(250, 100, taken);
  assert.deepEqual(numbersOf(taken), [2]);
  lost.takeOld(1_000, 100, taken);
  assert.deepEqual(numbersOf(taken), [2, 1, 3]);
  assert.equal(lost.size, 0);
});
