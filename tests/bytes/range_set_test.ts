import assert from "node:assert/strict";
import { RangeSet } from "../../src/bytes/range_set.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

for (const seed of [1, 2, 3, 4, 5, 6]) {
  Deno.test(`RangeSet behaves like a Set of numbers, seed ${seed}`, () => {
    const random = new SeededRandom(seed);
    const ranges = new RangeSet();
    const model = new Set<number>();
    const size = 20 << seed;
    for (let step = 0; step < 1_500; step++) {
      const start = random.below(size);
      const end = start + random.below(random.below(3) === 0 ? size : 5);
      const choice = random.below(20);
      if (choice < 10) assert.equal(ranges.add(start, end), addAll(model, start, end));
      else if (choice < 18) assert.equal(ranges.remove(start, end), removeAll(model, start, end));
      else if (choice === 18) removeFirstRange(ranges, model);
      else if (random.below(50) === 0) clear(ranges, model);
      compare(ranges, model, size, start, end);
    }
  });
}

Deno.test("RangeSet is empty at first", () => {
  const ranges = new RangeSet();
  assert.ok(ranges.isEmpty);
  assert.equal(ranges.first, -1);
  assert.equal(ranges.last, -1);
  assert.equal(ranges.size, 0);
  assert.equal(ranges.remove(0, 100), 0);
  ranges.removeFirstRange();
  assert.ok(ranges.covers(5, 5));
  assert.ok(!ranges.covers(5, 6));
  assert.equal(ranges.nextOutside(5), 5);
});

Deno.test("RangeSet joins neighbours and ignores empty ranges", () => {
  const ranges = new RangeSet();
  ranges.add(0, 1);
  ranges.add(2, 3);
  assert.equal(ranges.count, 2);
  assert.equal(ranges.add(7, 7), 0);
  assert.equal(ranges.add(9, 7), 0);
  assert.equal(ranges.remove(1, 0), 0);
  assert.equal(ranges.add(1, 2), 1);
  assert.equal(ranges.count, 1);
  assert.equal(ranges.endAt(0), 3);
});

Deno.test("RangeSet holds numbers beyond 32 bits", () => {
  const ranges = new RangeSet();
  ranges.add(2 ** 52, 2 ** 52 + 3);
  ranges.add(2 ** 32, 2 ** 32 + 1);
  assert.equal(ranges.remove(2 ** 52 + 1, 2 ** 52 + 2), 1);
  assert.equal(ranges.count, 3);
  assert.equal(ranges.first, 2 ** 32);
  assert.equal(ranges.last, 2 ** 52 + 2);
  assert.ok(!ranges.has(2 ** 52 + 1));
  assert.ok(!ranges.has(0));
});

function addAll(model: Set<number>, start: number, end: number): number {
  const before = model.size;
  for (let i = start; i < end; i++) model.add(i);
  return model.size - before;
}

function removeAll(model: Set<number>, start: number, end: number): number {
  const before = model.size;
  for (let i = start; i < end; i++) model.delete(i);
  return before - model.size;
}

function removeFirstRange(ranges: RangeSet, model: Set<number>): void {
  let value = Math.min(...model);
  while (model.delete(value)) value++;
  ranges.removeFirstRange();
}

function clear(ranges: RangeSet, model: Set<number>): void {
  ranges.clear();
  model.clear();
}

function compare(
  ranges: RangeSet,
  model: Set<number>,
  size: number,
  start: number,
  end: number,
): void {
  // Walking the ranges gives every number once, ascending, with a gap between ranges.
  const values: number[] = [];
  let before = -1;
  for (let i = 0; i < ranges.count; i++) {
    assert.ok(ranges.startAt(i) > before, "ranges touch or overlap");
    assert.ok(ranges.endAt(i) > ranges.startAt(i), "a range is empty");
    before = ranges.endAt(i);
    for (let value = ranges.startAt(i); value < before; value++) values.push(value);
  }
  assert.equal(values.length, model.size);
  assert.ok(values.every((value) => model.has(value)));
  assert.equal(ranges.size, model.size);
  assert.equal(ranges.isEmpty, model.size === 0);
  assert.equal(ranges.first, values[0] ?? -1);
  assert.equal(ranges.last, values.at(-1) ?? -1);
  let covered = true;
  for (let i = start; i < end; i++) covered &&= model.has(i);
  assert.equal(ranges.covers(start, end), covered);
  for (const probe of [start - 1, start, end - 1, end, 0, size]) {
    assert.equal(ranges.has(probe), model.has(probe));
    let outside = probe;
    while (model.has(outside)) outside++;
    assert.equal(ranges.nextOutside(probe), outside);
  }
}
