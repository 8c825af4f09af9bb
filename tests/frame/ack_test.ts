import assert from "node:assert/strict";
import { Ecn, EcnCounts } from "../../src/bytes/ecn.ts";
import { RangeSet } from "../../src/bytes/range_set.ts";
import { Writer } from "../../src/bytes/writer.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { writeAck } from "../../src/frame/ack.ts";
import { read, written } from "./recorder.ts";

Deno.test("writeAck() writes the newest 64 ranges of many", () => {
  const set = new RangeSet();
  for (let i = 0; i < 500; i++) set.add(i * 3, i * 3 + 1);
  const writer = new Writer(new Uint8Array(1200));
  assert.equal(writeAck(writer, set, 0, -1, 1200), 64);
  const ack = read(writer.written()).calls[0]![1] as { largest: number; bounds: number[] };
  assert.equal(ack.largest, 499 * 3);
  assert.equal(ack.bounds.length, 128);
  assert.equal(ack.bounds[126], (499 - 63) * 3);
});

Deno.test("writeAck() writes only what fits, and nothing rather than half a frame", () => {
  const random = new SeededRandom(5);
  for (let round = 0; round < 300; round++) {
    const set = new RangeSet();
    let at = random.below(2 ** 31);
    for (let i = 1 + random.below(40); i > 0; i--) {
      at += 1 + random.below(i % 5 === 0 ? 20_000 : 60);
      const end = at + 1 + random.below(100);
      set.add(at, end);
      at = end;
    }
    const pathId = random.below(3) - 1;
    const room = random.below(100);
    const writer = new Writer(new Uint8Array(200));
    const count = writeAck(writer, set, 1000, pathId, room);
    assert.ok(writer.offset <= room);
    assert.equal(count > 0, room >= sizeOfNewest(set, pathId));
    if (count === 0) {
      assert.equal(writer.offset, 0);
      continue;
    }
    const call = read(writer.written()).calls[0]!;
    const { bounds } = call[call.length - 1] as { bounds: number[] };
    assert.equal(bounds.length, 2 * count);
    for (let i = 0; i < count; i++) {
      assert.equal(bounds[2 * i], set.startAt(set.count - 1 - i));
      assert.equal(bounds[2 * i + 1], set.endAt(set.count - 1 - i));
    }
  }
});

Deno.test("writeAck() writes nothing for an empty set", () => {
  const writer = new Writer(new Uint8Array(100));
  assert.equal(writeAck(writer, new RangeSet(), 0, -1, 100), 0);
  assert.equal(writer.offset, 0);
});

Deno.test("writeAck() writes the counts of ECN marks behind the ranges that leave room for them", () => {
  const set = new RangeSet();
  for (let i = 0; i < 50; i++) set.add(i * 3, i * 3 + 1);
  const marks = new EcnCounts();
  for (let i = 0; i < 100; i++) marks.add(i < 70 ? Ecn.Ect0 : i < 99 ? Ecn.Ce : Ecn.Ect1);
  for (const pathId of [-1, 5]) {
    for (let room = 0; room < 120; room++) {
      const writer = new Writer(new Uint8Array(200));
      const count = writeAck(writer, set, 1000, pathId, room, marks);
      assert.ok(writer.offset <= room);
      const least = sizeOfNewest(set, pathId) + 2 + 1 + 1;
      assert.equal(count > 0, room >= least);
      if (count === 0) continue;
      const { calls } = read(writer.written());
      assert.deepEqual((calls[0]!.at(-1) as { ecn: unknown }).ecn, [70, 1, 29]);
    }
  }
});

/** Bytes of an acknowledgement of the newest range alone. */
function sizeOfNewest(set: RangeSet, pathId: number): number {
  const newest = new RangeSet();
  newest.add(set.startAt(set.count - 1), set.endAt(set.count - 1));
  return written((writer) => writeAck(writer, newest, 1000, pathId, 100)).length;
}
