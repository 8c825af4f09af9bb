import assert from "node:assert/strict";
import { RecordQueue } from "../../src/qlog/record_queue.ts";

Deno.test("RecordQueue holds no more characters than allowed, however many records come", () => {
  const queue = new RecordQueue(() => {}, 1_000);
  let taken = 0;
  for (let i = 0; i < 100_000; i++) if (queue.write("x".repeat(30))) taken++;
  assert.equal(taken, 33);
  assert.equal(queue.length, 990);
  assert.equal(queue.take().length, 990);
  assert.ok(queue.write("there is room again"));
});

Deno.test("RecordQueue tells of the first record and of the end, not of those between", () => {
  let calls = 0;
  const queue = new RecordQueue(() => void calls++);
  for (let i = 0; i < 5; i++) queue.write("a");
  assert.equal(calls, 1);
  assert.equal(queue.take(), "aaaaa");
  queue.write("b");
  assert.equal(calls, 2);
  queue.close();
  queue.close();
  assert.equal(calls, 3);
  assert.equal(queue.write("c"), false);
  assert.equal(queue.take(), "b");
});
