import assert from "node:assert/strict";
import { ItemQueue } from "../../src/api/item_queue.ts";

Deno.test("ItemQueue gives what came before somebody reads, and what comes later", async () => {
  const queue = new ItemQueue<number>();
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
  const queue = new ItemQueue<number>((item) => refused.push(item));
  queue.push(1);
  queue.end();
  queue.push(2);
  assert.deepEqual(refused, [2]);
  assert.equal((await queue.readable.getReader().read()).done, true);
  const failed = new ItemQueue<number>();
  failed.end(new Error("gone"));
  await assert.rejects(failed.readable.getReader().read(), /gone/);
});

Deno.test("ItemQueue refuses what nobody will read any more", async () => {
  const refused: number[] = [];
  const queue = new ItemQueue<number>((item) => refused.push(item));
  queue.push(1);
  await queue.readable.cancel();
  queue.push(2);
  assert.deepEqual(refused, [1, 2]);
});
