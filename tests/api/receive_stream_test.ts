import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { type StreamEnd, StreamPair } from "./stream_pair.ts";

/** The server's end of a stream on which the client has written `data`. */
async function arrived(pair: StreamPair, data: Uint8Array, close = "open"): Promise<StreamEnd> {
  const { writable } = pair.open();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  const written = writer.write(data).catch(() => {});
  if (close === "close") writer.close().catch(() => {});
  // More than there is room for waits until the peer takes it.
  await Promise.race([written, new Promise((resolve) => setTimeout(resolve, 1))]);
  pair.deliver();
  return pair.accepted.at(-1)!;
}

Deno.test("ReceiveStream gives what arrived in chunks of up to 64 KiB", async () => {
  const pair = new StreamPair(200_000);
  const data = patternBytes(1, 0, 100_000);
  const { readable } = await arrived(pair, data, "close");
  const sizes: number[] = [];
  let at = 0;
  for await (const chunk of readable) {
    assert.deepEqual(chunk, data.subarray(at, at + chunk.length));
    at += chunk.length;
    sizes.push(chunk.length);
  }
  assert.ok(at === 100_000 && sizes.length <= 4 && Math.max(...sizes) <= 65_536, `${sizes}`);
});

Deno.test("ReceiveStream ends at once when the end came with the last bytes", async () => {
  const pair = new StreamPair();
  const { readable } = await arrived(pair, new Uint8Array(5), "close");
  const reader = readable.getReader();
  assert.equal((await reader.read()).value!.length, 5);
  assert.equal((await reader.read()).done, true);
  await reader.closed;
});

Deno.test("ReceiveStream waits for bytes, and for the end", async () => {
  const pair = new StreamPair();
  const { writable } = pair.open();
  const writer = writable.getWriter();
  await writer.write(new Uint8Array([1]));
  pair.deliver();
  const reader = pair.accepted[0]!.readable.getReader();
  assert.deepEqual((await reader.read()).value, new Uint8Array([1]));
  const second = reader.read();
  await writer.write(new Uint8Array([2]));
  pair.deliver();
  assert.deepEqual((await second).value, new Uint8Array([2]));
  const third = reader.read();
  const closed = writer.close();
  pair.deliver();
  assert.equal((await third).done, true);
  await closed;
});

Deno.test("ReceiveStream reads nothing ahead, so the peer's credit is not raised", async () => {
  const pair = new StreamPair(65_536);
  const { readable } = await arrived(pair, new Uint8Array(200_000));
  await new Promise((resolve) => setTimeout(resolve, 1));
  pair.deliver();
  const half = [...pair.server.all()][0]!.receive!;
  assert.equal(half.bytesReadable, 65_536);
  pair.isLive = true;
  const reader = readable.getReader();
  let total = 0;
  while (total < 200_000) total += (await reader.read()).value!.length;
  assert.equal(total, 200_000);
});

Deno.test("ReceiveStream.cancel() asks the peer to stop, with the code of the StreamError", async () => {
  for (const [reason, code] of [[new StreamError(77, "no"), 77], [undefined, 0]] as const) {
    const pair = new StreamPair();
    const { readable } = await arrived(pair, new Uint8Array(10));
    await readable.cancel(reason);
    pair.deliver();
    assert.equal([...pair.client.all()][0]!.send!.stopCode, code);
  }
});

Deno.test("ReceiveStream fails a read that waits when the peer resets", async () => {
  const pair = new StreamPair();
  const { writable } = pair.open();
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(1));
  pair.deliver();
  const reader = pair.accepted[0]!.readable.getReader();
  await reader.read();
  const read = reader.read();
  read.catch(() => {});
  await writer.abort(new StreamError(5, "enough"));
  pair.deliver();
  await assert.rejects(read, (error: StreamError) => error.code === 5);
  await assert.rejects(reader.closed, StreamError);
});

Deno.test("ReceiveStream gives what has arrived before it fails with the connection", async () => {
  const pair = new StreamPair(200_000);
  const { readable, source } = await arrived(pair, new Uint8Array(100_000));
  const error = new Error("gone");
  source.fail(error);
  const reader = readable.getReader();
  for (let left = 100_000; left > 0;) left -= (await reader.read()).value!.length;
  await assert.rejects(reader.read(), error);
});

Deno.test("ReceiveStream ends well when all had arrived before the connection failed", async () => {
  const pair = new StreamPair();
  const { readable, source } = await arrived(pair, new Uint8Array(10), "close");
  source.fail(new Error("gone"));
  const reader = readable.getReader();
  assert.equal((await reader.read()).value!.length, 10);
  assert.equal((await reader.read()).done, true);
});

Deno.test("ReceiveStream fails a read that waits when the connection fails", async () => {
  const pair = new StreamPair();
  const { readable, source } = await arrived(pair, new Uint8Array(1));
  const reader = readable.getReader();
  await reader.read();
  const read = reader.read();
  read.catch(() => {});
  const error = new Error("gone");
  source.fail(error);
  await assert.rejects(read, error);
});
