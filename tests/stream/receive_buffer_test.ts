import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { ReceiveBuffer } from "../../src/stream/receive_buffer.ts";
import { pattern } from "./sink.ts";

const WHOLE = 300_000;

Deno.test("ReceiveBuffer.write() copies, so that the packet's buffer may be used again", () => {
  const buffer = new ReceiveBuffer();
  const packet = pattern(0, 0, 100);
  buffer.write(0, packet);
  packet.fill(0);
  assert.deepEqual(buffer.read(100), pattern(0, 0, 100));
});

Deno.test("ReceiveBuffer.read() gives pieces of any size in arrays of their own", () => {
  for (const size of [1, 999, 65_535, 65_536, 65_537, 131_072, 1e9]) {
    const buffer = new ReceiveBuffer();
    const whole = pattern(0, 0, WHOLE);
    for (let at = 0; at < WHOLE; at += 1100) {
      buffer.write(at, whole.subarray(at, Math.min(at + 1100, WHOLE)));
    }
    const read = new Uint8Array(WHOLE);
    let at = 0;
    for (let data; (data = buffer.read(size));) {
      assert.ok(data.length <= size && data.length > 0);
      assert.equal(data.buffer.byteLength, data.length);
      read.set(data, at);
      at += data.length;
    }
    assert.deepEqual(read, whole);
    assert.equal(buffer.read(1), undefined);
    assert.ok(buffer.bytesHeld <= 2 * 65_536);
  }
});

Deno.test("ReceiveBuffer.read() goes on right after a whole chunk changed hands", () => {
  const buffer = new ReceiveBuffer();
  const whole = pattern(0, 0, 200_000);
  buffer.write(0, whole.subarray(0, 70_000));
  const first = buffer.read(1e6)!;
  const copy = first.slice();
  buffer.write(70_000, whole.subarray(70_000));
  const rest = [buffer.read(1e6)!, buffer.read(1e6), buffer.read(1e6)];
  assert.deepEqual(first, copy);
  const bytes = [first, ...rest].flatMap((part) => part ? [...part] : []);
  assert.deepEqual(Uint8Array.from(bytes), whole);
});

Deno.test("ReceiveBuffer takes bytes in reverse order, one by one, in linear time", () => {
  const time = (count: number) => {
    const buffer = new ReceiveBuffer();
    const start = performance.now();
    for (let i = count - 1; i >= 0; i--) buffer.write(i, pattern(0, i, 1));
    assert.deepEqual(buffer.read(count)!.subarray(0, 100), pattern(0, 0, 100));
    return performance.now() - start;
  };
  time(10_000);
  assert.ok(time(200_000) < 1000);
});

Deno.test("ReceiveBuffer refuses crumbs with gaps between them", () => {
  const buffer = new ReceiveBuffer();
  const crumb = new Uint8Array(6);
  for (let i = 0; i < 1024; i++) buffer.write(7 + i * 7, crumb);
  assert.equal(buffer.rangesAhead, 1024);
  assert.throws(() => buffer.write(7 + 1024 * 7, crumb), { code: ErrorCode.InternalError });
  assert.ok(buffer.bytesHeld <= 65_536);
});

Deno.test("ReceiveBuffer accepts thousands of gaps between whole packets", () => {
  const buffer = new ReceiveBuffer();
  const count = 5000;
  for (let i = 1; i < count; i += 2) buffer.write(i * 1100, pattern(0, i * 1100, 1100));
  assert.equal(buffer.rangesAhead, count / 2);
  for (let i = 0; i < count; i += 2) buffer.write(i * 1100, pattern(0, i * 1100, 1100));
  assert.equal(buffer.readable, count * 1100);
  assert.equal(buffer.rangesAhead, 0);
});

Deno.test("ReceiveBuffer holds no more than the chunks up to the highest offset", () => {
  const buffer = new ReceiveBuffer();
  buffer.write(0, new Uint8Array(10));
  assert.ok(buffer.bytesHeld <= 512);
  for (let i = 0; i < 16; i++) buffer.write(i * 65_536 + 100, new Uint8Array(1));
  assert.ok(buffer.bytesHeld <= 16 * 65_536);
  buffer.discard();
  assert.equal(buffer.bytesHeld, 0);
  assert.equal(buffer.offset, 10);
});

Deno.test("ReceiveBuffer.write() passes over what it knows and takes the rest", () => {
  const buffer = new ReceiveBuffer();
  buffer.write(0, pattern(0, 0, 10));
  buffer.read(5);
  buffer.write(0, pattern(0, 0, 4));
  buffer.write(30, pattern(0, 30, 10));
  buffer.write(3, pattern(0, 3, 32));
  assert.equal(buffer.readable, 35);
  assert.deepEqual(buffer.read(99), pattern(0, 5, 35));
});

Deno.test("ReceiveBuffer.write() takes the end of a frame whose start was read and let go", () => {
  const buffer = new ReceiveBuffer();
  const whole = pattern(0, 0, 200_000);
  buffer.write(0, whole.subarray(0, 150_000));
  while (buffer.read(50_000));
  buffer.write(60_000, whole.subarray(60_000));
  assert.deepEqual(buffer.read(1e6), whole.subarray(150_000));
});
