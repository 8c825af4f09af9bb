import assert from "node:assert/strict";
import { DeadlineHeap } from "../../src/endpoint/deadline_heap.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

Deno.test("DeadlineHeap.take() gives what is due, the earliest first", () => {
  const heap = new DeadlineHeap<string>();
  heap.set("c", 3);
  heap.set("a", 1);
  heap.set("b", 2);
  assert.equal(heap.first, 1);
  assert.equal(heap.take(0.5), undefined);
  assert.equal(heap.take(2), "a");
  assert.equal(heap.take(2), "b");
  assert.equal(heap.take(2), undefined);
  assert.equal(heap.first, 3);
});

Deno.test("DeadlineHeap.set() moves an item, and Infinity takes it out", () => {
  const heap = new DeadlineHeap<string>();
  heap.set("a", 5);
  heap.set("a", 9);
  assert.equal(heap.first, 9);
  heap.set("a", Infinity);
  heap.set("a", Infinity);
  assert.equal(heap.first, Infinity);
  assert.equal(heap.take(1e9), undefined);
});

Deno.test("DeadlineHeap agrees with a sorted list over random life", () => {
  const random = new SeededRandom(8);
  const heap = new DeadlineHeap<number>();
  const model = new Map<number, number>();
  for (let i = 0; i < 20_000; i++) {
    const item = random.below(200);
    if (random.chance(0.7)) {
      const time = random.chance(0.1) ? Infinity : random.below(1_000);
      heap.set(item, time);
      if (time === Infinity) model.delete(item);
      else model.set(item, time);
    } else {
      const now = random.below(1_000);
      const taken = heap.take(now);
      const earliest = Math.min(...model.values());
      if (earliest > now) assert.equal(taken, undefined);
      else {
        assert.equal(model.get(taken!), earliest);
        model.delete(taken!);
      }
    }
    assert.equal(heap.first, Math.min(...model.values()));
  }
});
