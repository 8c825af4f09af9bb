import assert from "node:assert/strict";
import { SendLimit } from "../../src/stream/send_limit.ts";

Deno.test("SendLimit.raise() takes higher limits only", () => {
  const limit = new SendLimit(10);
  assert.equal(limit.raise(10), false);
  assert.equal(limit.raise(9), false);
  assert.equal(limit.raise(11), true);
  limit.use(11);
  assert.equal(limit.room, 0);
  assert.equal(limit.raise(2 ** 62), true);
  assert.equal(limit.limit, Number.MAX_SAFE_INTEGER);
});

Deno.test("SendLimit.block() is news once per limit, and again if the frame was lost", () => {
  const limit = new SendLimit(10);
  assert.equal(limit.block(), false);
  limit.use(10);
  assert.equal(limit.block(), true);
  assert.equal(limit.block(), false);
  limit.blockedPending = false;
  assert.equal(limit.onBlockedLost(9), false);
  assert.equal(limit.onBlockedLost(10), true);
  limit.raise(20);
  assert.equal(limit.blockedPending, false);
  assert.equal(limit.onBlockedLost(10), false);
  limit.use(10);
  assert.equal(limit.block(), true);
});
