import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { RemoteIds } from "../../src/path/id/remote_ids.ts";
import { TestSink } from "../stream/sink.ts";
import { keyOfToken, TestIssuer } from "./fakes.ts";

function idOf(sequence: number): Uint8Array {
  const id = new Uint8Array(8).fill(7);
  new DataView(id.buffer).setUint32(0, sequence);
  return id;
}

function tokenOf(sequence: number): Uint8Array {
  return new Uint8Array(16).fill(sequence + 1);
}

function give(ids: RemoteIds, sequence: number, retirePriorTo = 0): boolean {
  return ids.onNew(sequence, retirePriorTo, idOf(sequence), tokenOf(sequence));
}

function make(count = 4): RemoteIds {
  const ids = new RemoteIds(1, 4, new TestIssuer());
  ids.namePath();
  for (let i = 0; i < count; i++) give(ids, i);
  return ids;
}

function retired(ids: RemoteIds): number[] {
  const sink = new TestSink();
  ids.writeFrames(sink);
  return sink.frames.map((frame) => frame.start);
}

function hasCode(code: number): (error: unknown) => boolean {
  return (error) => error instanceof TransportError && error.code === code;
}

Deno.test("RemoteIds uses the first ID it gets, and is not usable before", () => {
  const ids = new RemoteIds(1, 4, new TestIssuer());
  assert.equal(ids.usable, false);
  give(ids, 0);
  assert.deepEqual(ids.current, idOf(0));
  assert.equal(ids.hasSpare, false);
  assert.equal(ids.nextSequence, 1);
});

Deno.test("RemoteIds refuses more IDs than announced", () => {
  const ids = make(4);
  assert.throws(() => give(ids, 4), hasCode(ErrorCode.ConnectionIdLimitError));
});

Deno.test("RemoteIds refuses further IDs of a peer whose own is empty", () => {
  const ids = new RemoteIds(0, 4, new TestIssuer());
  ids.adopt(new Uint8Array(0));
  assert.throws(() => give(ids, 1), hasCode(ErrorCode.ProtocolViolation));
  assert.ok(ids.usable);
});

Deno.test("RemoteIds takes a repetition for nothing, and a contradiction for an error", () => {
  const ids = make(2);
  assert.equal(give(ids, 1), false);
  assert.throws(
    () => ids.onNew(1, 0, idOf(99), tokenOf(1)),
    hasCode(ErrorCode.ProtocolViolation),
  );
});

Deno.test("RemoteIds retires what it is told to, and moves on to another", () => {
  const ids = make(3);
  give(ids, 3, 2);
  assert.deepEqual(ids.current, idOf(2));
  assert.deepEqual(retired(ids).toSorted(), [0, 1]);
  assert.equal(give(ids, 0), false); // a late repetition of a retired one
  assert.deepEqual(retired(ids), []);
});

Deno.test("RemoteIds retires at once an ID that comes too late", () => {
  const ids = make(1);
  give(ids, 5, 5);
  retired(ids);
  assert.equal(give(ids, 3), false);
  assert.deepEqual(retired(ids), [3]);
});

Deno.test("RemoteIds.rotate() changes to a spare ID and retires the old one", () => {
  const ids = make(3);
  assert.ok(ids.rotate());
  ids.dropFormer();
  assert.deepEqual(ids.current, idOf(1));
  assert.deepEqual(retired(ids), [0]);
  assert.ok(ids.rotate());
  ids.dropFormer();
  assert.equal(ids.rotate(), false);
  assert.deepEqual(ids.current, idOf(2));
});

Deno.test("RemoteIds bounds what it retires while nothing is acknowledged", () => {
  const ids = make(1);
  assert.throws(() => {
    for (let i = 1; i < 100; i++) {
      give(ids, i, i);
      retired(ids);
    }
  }, hasCode(ErrorCode.ConnectionIdLimitError));
});

Deno.test("RemoteIds retires without end if each is acknowledged, and stays small", () => {
  const ids = make(1);
  for (let i = 1; i < 20_000; i++) {
    give(ids, i, i);
    const sink = new TestSink();
    ids.writeFrames(sink);
    sink.acked();
  }
  assert.deepEqual(ids.current, idOf(19_999));
});

Deno.test("RemoteIds tells a lost retirement again, once", () => {
  const ids = make(2);
  ids.rotate();
  ids.dropFormer();
  const sink = new TestSink();
  ids.writeFrames(sink);
  sink.lost();
  sink.lost();
  assert.deepEqual(retired(ids), [0]);
  assert.equal(ids.pending, false);
});

Deno.test("RemoteIds knows reset tokens of IDs in use only, and never zeros for none", () => {
  const issuer = new TestIssuer();
  const ids = new RemoteIds(0, 4, issuer);
  const watched = (...sequences: number[]) =>
    assert.deepEqual([...issuer.watched], sequences.map((each) => keyOfToken(tokenOf(each))));
  ids.adopt(idOf(0));
  assert.equal(ids.isResetToken(new Uint8Array(16)), false);
  ids.begin();
  ids.setResetToken(tokenOf(0));
  give(ids, 1);
  // RFC 9000, Section 10.3.1: no connection can have been reset by an ID that was never seen.
  assert.ok(ids.isResetToken(tokenOf(0)) && !ids.isResetToken(tokenOf(1)));
  assert.equal(ids.isResetToken(tokenOf(2)), false);
  watched(0);
  ids.rotate();
  watched(0, 1);
  assert.ok(ids.isResetToken(tokenOf(0)) && ids.isResetToken(tokenOf(1)));
  ids.dropFormer();
  assert.equal(ids.isResetToken(tokenOf(0)), false);
  watched(1);
  give(ids, 2);
  ids.reserve();
  watched(1, 2);
  give(ids, 3, 2);
  assert.deepEqual(ids.current, idOf(3), "one that is set aside is not taken");
  watched(2, 3);
  ids.dropReserved();
  assert.equal(ids.isResetToken(tokenOf(2)), false);
  watched(3);
  ids.close();
  assert.equal(ids.isResetToken(tokenOf(3)), false);
  watched();
});

Deno.test("RemoteIds keeps copies of what it was given", () => {
  const ids = new RemoteIds(1, 4, new TestIssuer());
  const id = idOf(0);
  const token = tokenOf(0);
  ids.onNew(0, 0, id, token);
  id.fill(0);
  token.fill(0);
  assert.deepEqual(ids.current, idOf(0));
  ids.begin();
  assert.ok(ids.isResetToken(tokenOf(0)));
});

Deno.test("RemoteIds hears of no reset before a path is open, though an ID is ready for it", () => {
  const issuer = new TestIssuer();
  const ids = new RemoteIds(1, 4, issuer);
  give(ids, 0);
  give(ids, 1, 1);
  assert.deepEqual(ids.current, idOf(1));
  assert.ok(!ids.isResetToken(tokenOf(1)) && issuer.watched.size === 0);
  ids.begin();
  assert.ok(ids.isResetToken(tokenOf(1)) && !ids.isResetToken(tokenOf(0)));
  assert.deepEqual([...issuer.watched], [keyOfToken(tokenOf(1))]);
});

Deno.test("RemoteIds.close() keeps the ID in use for the last packets and takes no new ones", () => {
  const ids = make(2);
  ids.rotate();
  ids.dropFormer();
  ids.close();
  assert.deepEqual(ids.current, idOf(1));
  assert.equal(ids.usable, false);
  assert.equal(give(ids, 9), false);
  assert.equal(ids.pending, false);
});
