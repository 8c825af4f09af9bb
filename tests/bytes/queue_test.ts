import assert from "node:assert/strict";
import { Queue } from "../../src/bytes/queue.ts";

Deno.test("Queue gives items in the order in which they came, also while others come", () => {
  const queue = new Queue<{ id: number }>();
  assert.equal(queue.take(), undefined);
  let [pushed, taken] = [0, 0];
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 3; i++) queue.push({ id: pushed++ });
    for (let i = 0; i < 2; i++) assert.equal(queue.take()?.id, taken++);
    assert.equal(queue.isEmpty, false);
  }
  for (let item = queue.take(); item; item = queue.take()) assert.equal(item.id, taken++);
  assert.equal(taken, pushed);
  assert.equal(queue.isEmpty, true);
});
