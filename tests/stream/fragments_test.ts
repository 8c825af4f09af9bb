import assert from "node:assert/strict";
import fc from "fast-check";
import { RangeSet } from "../../src/bytes/range_set.ts";
import { BufferMemory } from "../../src/stream/buffer_memory.ts";
import { overlaps } from "../../src/stream/copy_count.ts";
import { Fragments } from "../../src/stream/fragments.ts";
import { pattern } from "./sink.ts";

Deno.test("Fragments gives back what was put and not removed, wherever it lies", () => {
  const step = fc.record({
    puts: fc.boolean(),
    start: fc.nat(5_000),
    length: fc.integer({ min: 1, max: 600 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const memory = new BufferMemory();
    const fragments = new Fragments(memory);
    const known = new RangeSet();
    let peak = 0;
    for (const { puts, start, length } of steps) {
      const end = start + length;
      if (puts) {
        let from = start;
        for (const [at, to] of [...overlaps(known, start, end), [end, end]] as const) {
          if (from < at) fragments.put(from, pattern(0, from, at - from));
          from = to;
        }
        known.add(start, end);
      } else {
        fragments.remove(start, end);
        known.remove(start, end);
      }
      peak = Math.max(peak, known.size);
      assert.equal(memory.allocated, fragments.bytesHeld);
      assert.ok(fragments.bytesHeld <= 3 * known.size + 48 * fragments.count + 64);
    }
    for (let i = 0; i < known.count; i++) {
      const [start, end] = [known.startAt(i), known.endAt(i)];
      const data = new Uint8Array(end - start + 2);
      fragments.copy(start, end, data, 1);
      assert.deepEqual(data.subarray(1, -1), pattern(0, start, end - start));
    }
    fragments.clear();
    assert.equal(memory.allocated, 0);
  }));
});

Deno.test("Fragments puts single bytes together in whatever order they come", () => {
  const count = 20_000;
  const orders: Record<string, (i: number) => number> = {
    ascending: (i) => i,
    descending: (i) => count - 1 - i,
    "inside out": (i) => count / 2 + (i % 2 === 0 ? i / 2 : -(i + 1) / 2),
  };
  for (const [name, order] of Object.entries(orders)) {
    const memory = new BufferMemory();
    const fragments = new Fragments(memory);
    for (let i = 0; i < count; i++) fragments.put(order(i), pattern(0, order(i), 1));
    assert.ok(fragments.count < 100, `${name}: ${fragments.count}`);
    assert.ok(memory.allocated <= 2 * count, `${name}: ${memory.allocated} bytes`);
    const data = new Uint8Array(count);
    fragments.copy(0, count, data, 0);
    assert.deepEqual(data, pattern(0, 0, count));
  }
});
