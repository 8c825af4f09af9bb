import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { LocalIds } from "../../src/path/id/local_ids.ts";
import { TestSink } from "../stream/sink.ts";
import { TestIssuer } from "./fakes.ts";

const elsewhere = new Uint8Array(8).fill(0xff);

function make(limit = 4): { ids: LocalIds; issuer: TestIssuer } {
  const issuer = new TestIssuer();
  const ids = new LocalIds(1, issuer);
  ids.namePath();
  if (limit > 0) ids.fill(limit);
  return { ids, issuer };
}

Deno.test("LocalIds.fill() issues what the peer keeps, four at most", () => {
  for (const [limit, expected] of [[2, 2], [4, 4], [1_000_000, 4]]) {
    const { ids, issuer } = make(limit);
    assert.equal(issuer.active.size, expected);
    const sink = new TestSink();
    ids.writeFrames(sink);
    assert.deepEqual(sink.frames.map((frame) => frame.start), [0, 1, 2, 3].slice(0, expected));
    assert.equal(ids.pendingCount, 0);
  }
});

Deno.test("LocalIds.onRetire() replaces an ID and forgets the old one", () => {
  const { ids, issuer } = make();
  ids.writeFrames(new TestSink());
  ids.onRetire(0, elsewhere);
  assert.equal(issuer.active.size, 4);
  assert.equal(ids.nextSequence, 5);
  ids.onRetire(0, elsewhere);
  assert.equal(ids.nextSequence, 5);
});

// RFC 9000, Section 19.16: a peer that guesses right would make us issue as many as it can name.
Deno.test("LocalIds.onRetire() refuses numbers that were never told", () => {
  const { ids, issuer } = make();
  const refused = { code: ErrorCode.ProtocolViolation };
  assert.throws(() => ids.onRetire(0, elsewhere), refused, "issued, but not told");
  ids.writeFrames(new TestSink());
  for (const sequence of [4, 5, 2 ** 53 - 1]) {
    assert.throws(() => ids.onRetire(sequence, elsewhere), refused);
  }
  ids.onRetire(0, elsewhere);
  assert.throws(() => ids.onRetire(4, elsewhere), refused);
  assert.equal(issuer.issued, 5);
  const sink = new TestSink();
  ids.writeFrames(sink);
  ids.onRetire(4, elsewhere);
  // Known is what was told once, though it must be told again.
  const last = new TestSink();
  ids.writeFrames(last);
  last.lost();
  ids.onRetire(5, elsewhere);
});

Deno.test("LocalIds.onRetire() refuses the ID that the packet was sent to", () => {
  const issuer = new TestIssuer();
  const ids = new LocalIds(0, issuer);
  const own = issuer.issue(0);
  ids.adopt(own);
  assert.throws(() => ids.onRetire(0, own.bytes), { code: ErrorCode.ProtocolViolation });
});

Deno.test("LocalIds survives a flood of retirements with as many IDs as before", () => {
  const { ids, issuer } = make();
  for (let i = 0; i < 10_000; i++) {
    ids.writeFrames(new TestSink());
    ids.onRetire(i, elsewhere);
  }
  assert.equal(issuer.active.size, 4);
  const sink = new TestSink();
  ids.writeFrames(sink);
  assert.deepEqual(sink.frames.map((frame) => frame.start), [10_003]);
});

Deno.test("LocalIds tells again what was lost, unless it was retired since", () => {
  const { ids } = make();
  const sink = new TestSink();
  ids.writeFrames(sink);
  ids.onRetire(1, elsewhere);
  sink.lost();
  const again = new TestSink();
  ids.writeFrames(again);
  assert.deepEqual(again.frames.map((frame) => frame.start), [0, 2, 3, 4]);
});

Deno.test("LocalIds writes as many frames as fit and keeps the others pending", () => {
  const { ids } = make();
  const sink = new TestSink(70);
  ids.writeFrames(sink);
  assert.equal(sink.frames.length, 1);
  assert.ok(ids.pendingCount > 0);
});

Deno.test("LocalIds.close() tells no more, and release() lets all IDs go", () => {
  const { ids, issuer } = make();
  const sink = new TestSink();
  ids.writeFrames(sink);
  ids.close();
  sink.lost();
  assert.equal(ids.pendingCount, 0);
  ids.fill(4);
  ids.onRetire(2, elsewhere);
  assert.equal(ids.nextSequence, 4);
  assert.equal(issuer.active.size, 3);
  ids.release();
  assert.equal(issuer.active.size, 0);
});
