import assert from "node:assert/strict";
import { ItemQueue } from "../../src/api/stream/item_queue.ts";

function refusing(refuse: (item: number) => void): ItemQueue<number> {
  return new ItemQueue<number>({ give: (item) => item, refuse });
}

Deno.test("ItemQueue gives what came before a read, and what comes later", async () => {
  const queue = ItemQueue.plain<number>();
  queue.push(1);
  queue.push(2);
  const reader = queue.readable.getReader();
  assert.equal(queue.readable.locked, true);
  assert.equal((await reader.read()).value, 1);
  assert.equal((await reader.read()).value, 2);
  const third = reader.read();
  await Promise.resolve();
  queue.push(3);
  assert.equal((await third).value, 3);
  const last = reader.read();
  queue.end();
  assert.deepEqual(await last, { value: undefined, done: true });
});

Deno.test("ItemQueue that has ended before it is read tells so, and how", async () => {
  const refused: number[] = [];
  const queue = refusing((item) => refused.push(item));
  queue.push(1);
  queue.end();
  queue.push(2);
  assert.deepEqual(refused, [2]);
  assert.equal((await queue.readable.getReader().read()).done, true);
  const failed = ItemQueue.plain<number>();
  failed.end(new Error("gone"));
  await assert.rejects(failed.readable.getReader().read(), /gone/);
});

Deno.test("ItemQueue refuses what will not be read any more", async () => {
  const refused: number[] = [];
  const queue = refusing((item) => refused.push(item));
  queue.push(1);
  await queue.readable.cancel();
  queue.push(2);
  assert.deepEqual(refused, [1, 2]);
});

Deno.test("ItemQueue makes what it gives of items, only then, and forgets those withdrawn", async () => {
  const made: number[] = [];
  const queue = new ItemQueue<number, string>({
    give: (item) => (made.push(item), `item ${item}`),
    refuse: () => {},
  });
  for (const item of [1, 2, 3]) queue.push(item);
  queue.withdraw(2);
  queue.withdraw(7);
  assert.deepEqual([queue.length, made], [2, []]);
  const reader = queue.readable.getReader();
  assert.equal((await reader.read()).value, "item 1");
  assert.deepEqual([queue.length, made], [1, [1]]);
  assert.equal((await reader.read()).value, "item 3");
  queue.withdraw(3);
  assert.equal(queue.length, 0);
});
