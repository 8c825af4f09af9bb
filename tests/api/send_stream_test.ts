import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { StreamPair } from "./stream_pair.ts";

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  promise.then(() => (pending = false), () => (pending = false));
  await settle();
  return pending;
}

Deno.test("SendStream.write() waits while much is queued, and goes on when it was sent", async () => {
  const pair = new StreamPair(262_144);
  const { writable } = pair.open();
  const writer = writable.getWriter();
  const small = writer.write(new Uint8Array(100_000));
  assert.equal(await isPending(small), false);
  const large = writer.write(new Uint8Array(250_000));
  assert.equal(await isPending(large), true);
  pair.deliver(); // 256 KiB leave, as the peer's window allows; less than half of that remain
  await large;
  const next = writer.write(new Uint8Array(200_000));
  assert.equal(await isPending(next), true);
});

Deno.test("SendStream.write() hands a huge chunk over piece by piece", async () => {
  const pair = new StreamPair();
  const { writable } = pair.open();
  const writer = writable.getWriter();
  const data = patternBytes(0, 0, 5_000_000);
  const written = writer.write(data).then(() => writer.close());
  await settle();
  assert.ok([...pair.client.all()][0]!.send!.bytesQueued <= 524_288);
  pair.isLive = true;
  pair.deliver();
  const received: number[] = [];
  let at = 0;
  for await (const chunk of pair.accepted[0]!.readable) {
    assert.deepEqual(chunk, data.subarray(at, at + chunk.length));
    at += chunk.length;
    received.push(chunk.length);
  }
  assert.equal(at, data.length);
  await written;
});

Deno.test("SendStream.close() resolves only when everything was acknowledged", async () => {
  const pair = new StreamPair();
  const { writable } = pair.open();
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(10));
  const closed = writer.close();
  assert.equal(await isPending(closed), true);
  pair.deliver();
  await closed;
  await writer.closed;
});

Deno.test("SendStream.abort() resets with the code of the StreamError", async () => {
  for (const [reason, code] of [[new StreamError(42, "enough"), 42], ["whatever", 0]] as const) {
    const pair = new StreamPair();
    const { writable } = pair.open();
    const writer = writable.getWriter();
    await writer.write(new Uint8Array(10));
    pair.deliver();
    await writer.abort(reason);
    pair.deliver();
    const reader = pair.accepted[0]!.readable.getReader();
    await assert.rejects(reader.read(), (error: StreamError) => {
      assert.ok(error instanceof StreamError);
      return error.code === code;
    });
  }
});

Deno.test("SendStream.abort() ends a write that waits", async () => {
  const pair = new StreamPair();
  const { writable } = pair.open();
  const writer = writable.getWriter();
  const write = writer.write(new Uint8Array(1_000_000));
  write.catch(() => {});
  await settle();
  const aborted = writer.abort(new StreamError(7, "enough"));
  await settle();
  await assert.rejects(write, { name: "StreamError", code: 7 });
  await aborted;
  assert.equal([...pair.client.all()][0]!.send!.resetCode, 7);
});

Deno.test("SendStream.write() fails with the peer's code after it asked to stop", async () => {
  const pair = new StreamPair();
  const { writable } = pair.open();
  const writer = writable.getWriter();
  const write = writer.write(new Uint8Array(1_000_000));
  write.catch(() => {});
  writer.closed.catch(() => {});
  await settle();
  pair.deliver();
  await pair.accepted[0]!.readable.cancel(new StreamError(99, "no more"));
  pair.deliver();
  const hasCode = (error: StreamError) => error instanceof StreamError && error.code === 99;
  await assert.rejects(write, hasCode);
  await assert.rejects(writer.write(new Uint8Array(1)), hasCode);
  await assert.rejects(writer.closed, hasCode);
});

Deno.test("SendStream.close() fails when the peer stops before everything has arrived", async () => {
  const pair = new StreamPair();
  const { writable } = pair.open();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(new Uint8Array(100_000));
  const closed = writer.close();
  closed.catch(() => {});
  pair.deliver();
  await pair.accepted[0]!.readable.cancel(new StreamError(3, "no more"));
  pair.deliver();
  await assert.rejects(closed, (error: StreamError) => error.code === 3);
});

Deno.test("SendStream refuses chunks that are not bytes, and resets the stream", async () => {
  for (const other of ["text", new ArrayBuffer(3), [1, 2], null]) {
    const pair = new StreamPair();
    const writer = pair.open().writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write(new Uint8Array(3));
    await assert.rejects(writer.write(other as unknown as Uint8Array), TypeError);
    pair.deliver();
    const reader = pair.accepted[0]!.readable.getReader();
    await assert.rejects(reader.read(), { name: "StreamError", code: 0 });
  }
});

Deno.test("SendStream refuses the rest of a chunk that changes while it is written", async () => {
  for (const isTransferred of [true, false]) {
    const pair = new StreamPair();
    const writer = pair.open().writable.getWriter();
    writer.closed.catch(() => {});
    const buffer = new ArrayBuffer(1_000_000, { maxByteLength: 1_000_000 });
    const writing = assert.rejects(writer.write(new Uint8Array(buffer)), TypeError);
    await settle();
    if (isTransferred) buffer.transfer();
    else buffer.resize(700_000);
    pair.isLive = true;
    pair.deliver();
    const read = new Response(pair.accepted[0]!.readable).bytes();
    await assert.rejects(read, { name: "StreamError", code: 0 });
    await writing;
  }
});

Deno.test("SendStream fails with the connection's error", async () => {
  const pair = new StreamPair();
  const { writable, sink } = pair.open();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  const write = writer.write(new Uint8Array(1_000_000));
  write.catch(() => {});
  await settle();
  const error = new Error("gone");
  sink.fail(error);
  sink.fail(new Error("gone again"));
  await assert.rejects(write, error);
  await assert.rejects(writer.closed, error);
});

Deno.test("SendStream has its ID and its place in the order", () => {
  const pair = new StreamPair();
  pair.open();
  const { writable } = pair.open();
  assert.equal(writable.id, 4n);
  writable.sendOrder = 5;
  writable.urgency = 1;
  writable.incremental = true;
  const half = [...pair.client.all()][1]!.send!;
  assert.deepEqual([half.sendOrder, half.urgency, half.incremental], [5, 1, true]);
  assert.deepEqual([writable.sendOrder, writable.urgency, writable.incremental], [5, 1, true]);
});

Deno.test("SendStream.bytesToCome counts down what was announced", async () => {
  const { writable } = new StreamPair().open();
  assert.equal(writable.bytesToCome, 0);
  writable.bytesToCome = 1_000;
  await writable.getWriter().write(new Uint8Array(300));
  assert.equal(writable.bytesToCome, 700);
  assert.throws(() => writable.bytesToCome = -1, RangeError);
  assert.throws(() => writable.bytesToCome = NaN, RangeError);
});

Deno.test("SendStreams that share what may wait all come to their end", async () => {
  const pair = new StreamPair(1_048_576);
  pair.isLive = true;
  const sizes = [700_000, 3_000, 500_000, 1_000_000, 1, 800_000, 300_000, 600_000, 400_000];
  const sent = sizes.map(async (size, i) => {
    const writer = pair.open().writable.getWriter();
    await writer.write(patternBytes(i, 0, size));
    await writer.write(patternBytes(i, size, 1_000));
    await writer.close();
  });
  pair.deliver();
  const received = sizes.map(async (_, i) => {
    while (pair.accepted.length <= i) await new Promise((resolve) => setTimeout(resolve, 1));
    let total = 0;
    for await (const chunk of pair.accepted[i]!.readable) {
      assert.deepEqual(chunk, patternBytes(i, total, chunk.length));
      total += chunk.length;
    }
    return total;
  });
  assert.deepEqual(await Promise.all(received), sizes.map((size) => size + 1_000));
  await Promise.all(sent);
});
