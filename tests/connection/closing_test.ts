import assert from "node:assert/strict";
import { type CloseReason, CloseStage, Closing } from "../../src/connection/closing.ts";

const local: CloseReason = { by: "local", application: true, code: 1, reason: "" };
const peer: CloseReason = { by: "peer", application: true, code: 2, reason: "" };

Deno.test("Closing.close() says it once and remembers for a while", () => {
  const closing = new Closing();
  assert.equal(closing.close(local, 300, 1_000), true);
  assert.equal(closing.close({ ...local, code: 9 }, 300, 1_100), false);
  assert.equal(closing.reason, local);
  assert.equal(closing.pending, true);
  assert.equal(closing.deadline, 1_300);
  closing.expire(1_299);
  assert.equal(closing.stage, CloseStage.Closing);
  closing.expire(1_300);
  assert.equal(closing.stage, CloseStage.Closed);
  assert.equal(closing.deadline, Infinity);
});

Deno.test("Closing.drain() says nothing, and keeps the first reason", () => {
  const closing = new Closing();
  closing.close(local, 300, 0);
  assert.equal(closing.drain(peer, 300, 100), false);
  assert.equal(closing.stage, CloseStage.Draining);
  assert.equal(closing.reason, local);
  assert.equal(closing.pending, false);
  assert.equal(closing.deadline, 300);
  closing.onDatagram(1_200);
  assert.equal(closing.pending, false);
});

Deno.test("Closing cannot be begun again after the peer closed", () => {
  const closing = new Closing();
  assert.equal(closing.drain(peer, 300, 0), true);
  assert.equal(closing.close(local, 300, 1), false);
  assert.equal(closing.drain(local, 9_000, 200), false);
  assert.equal(closing.reason, peer);
  assert.equal(closing.deadline, 300);
});

Deno.test("Closing.onDatagram() answers datagrams 1, 2, 4, 8 and so on", () => {
  const closing = new Closing();
  closing.close(local, 300, 0);
  closing.pending = false;
  const answered: number[] = [];
  for (let i = 1; i <= 1_000; i++) {
    closing.onDatagram(1_200);
    if (closing.pending) answered.push(i);
    closing.pending = false;
  }
  assert.equal(answered.length, 10);
  assert.deepEqual(answered.slice(0, 4), [1, 2, 4, 8]);
});

// RFC 9000, Section 10.2.1: a sender of small datagrams gets few bytes back.
Deno.test("Closing.onDatagram() answers with three times the bytes that came, at most", () => {
  const closing = new Closing();
  closing.close(local, 300, 0);
  let answered = -1_000;
  for (let received = 0; received < 10_000; received += 21) {
    if (closing.pending) {
      closing.onSent(1_000);
      answered += 1_000;
      closing.pending = false;
    }
    assert.ok(answered <= 3 * received, `${answered} for ${received} bytes`);
    closing.onDatagram(21);
  }
  assert.ok(answered > 0);
});

Deno.test("Closing.end() leaves nothing to do", () => {
  const closing = new Closing();
  assert.equal(closing.end(peer), true);
  assert.equal(closing.end(local), false);
  assert.equal(closing.stage, CloseStage.Closed);
  closing.onDatagram(1_200);
  assert.equal(closing.pending, false);
  assert.equal(closing.close(local, 300, 0), false);
});
