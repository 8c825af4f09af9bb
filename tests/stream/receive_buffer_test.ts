import assert from "node:assert/strict";
import fc from "fast-check";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { BufferMemory } from "../../src/stream/buffer_memory.ts";
import { ReceiveBuffer } from "../../src/stream/receive_buffer.ts";
import { pattern } from "./sink.ts";
import { threadTime } from "../thread_time.ts";

const WHOLE = 300_000;
/** What a frame costs a peer besides the bytes in it, at least. */
const FRAME = 8;

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
  const rest: Uint8Array[] = [];
  for (let data; (data = buffer.read(1e6));) rest.push(data);
  assert.deepEqual(first, copy);
  assert.deepEqual(concatBytes(first, ...rest), whole);
});

Deno.test("ReceiveBuffer takes bytes in reverse order, one by one, in linear time [attack quadratic-reassembly]", () => {
  const time = (count: number) => {
    const buffer = new ReceiveBuffer();
    const start = threadTime();
    for (let i = count - 1; i >= 0; i--) buffer.write(i, pattern(0, i, 1));
    assert.deepEqual(buffer.read(count)!.subarray(0, 100), pattern(0, 0, 100));
    return threadTime() - start;
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

Deno.test("ReceiveBuffer holds little for few bytes, however far apart they are", () => {
  const buffer = new ReceiveBuffer();
  buffer.write(0, new Uint8Array(10));
  assert.ok(buffer.bytesHeld <= 16);
  for (let i = 0; i < 256; i++) buffer.write(i * 65_536 + 100, new Uint8Array(1));
  assert.ok(buffer.bytesHeld <= 32_768 + 256 * 26, `${buffer.bytesHeld} bytes`);
  buffer.discard();
  assert.equal(buffer.bytesHeld, 0);
  assert.equal(buffer.offset, 10);
});

Deno.test("ReceiveBuffer never takes more than twice what came and a chunk", () => {
  const piece = fc.record({
    place: fc.nat(300_000),
    size: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5_000 })),
    inOrder: fc.boolean(),
    reads: fc.nat(100_000),
  });
  fc.assert(fc.property(fc.array(piece, { maxLength: 150 }), (pieces) => {
    const memory = new BufferMemory();
    const buffer = new ReceiveBuffer(memory);
    let received = 0;
    let taken = 0;
    for (const { place, size, inOrder, reads } of pieces) {
      const offset = inOrder ? buffer.contiguousEnd : place;
      buffer.write(offset, pattern(0, offset, size));
      received += size + FRAME;
      assert.equal(memory.allocated, buffer.bytesHeld);
      assert.ok(memory.allocated <= 2 * received + 65_536, `${memory.allocated} of ${received}`);
      const data = buffer.read(reads);
      if (data === undefined) continue;
      assert.deepEqual(data, pattern(0, taken, data.length));
      taken += data.length;
    }
    while (buffer.readable > 0) taken += buffer.read(1e6)!.length;
    assert.equal(taken, buffer.contiguousEnd);
    buffer.discard();
    assert.deepEqual([memory.allocated, memory.fragments, memory.fragmentBytes], [0, 0, 0]);
  }));
});

Deno.test("ReceiveBuffer begins the chunks of a long stream in debt, of one stream at a time", () => {
  const memory = new BufferMemory();
  const [one, other] = [new ReceiveBuffer(memory), new ReceiveBuffer(memory)];
  let end = 0;
  for (let burst = 0; burst < 20; burst++) {
    for (let i = 0; i < 20; i++, end += 1_400) one.write(end, pattern(0, end, 1_400));
    while (one.readable > 0) {
      assert.deepEqual(one.read(1e6)!.at(-1), pattern(0, one.offset - 1, 1)[0]);
    }
  }
  assert.equal(memory.allocated, 65_536, "the chunk is kept for what comes next");
  for (let at = 0; at < 66_000; at += 1_100) other.write(at, pattern(0, at, 1_100));
  while (other.read(1e6));
  assert.equal(other.bytesHeld, 0, "the debt is the other's");
  one.discard();
  for (let i = 0; i < 5; i++) other.write(66_000 + 10 * i, new Uint8Array(10));
  assert.equal(other.bytesHeld, 65_536, "now it may have one");
});

Deno.test("ReceiveBuffer may have more in debt as more is read, up to a limit", () => {
  const memory = new BufferMemory();
  const buffers = Array.from({ length: 12 }, () => new ReceiveBuffer(memory));
  const debtors = () => {
    for (const buffer of buffers) buffer.write(buffer.offset + 70_000, new Uint8Array(100));
    const count = buffers.filter((buffer) => buffer.bytesHeld >= 65_536).length;
    for (const buffer of buffers) buffer.discard();
    return count;
  };
  const counts = [200_000, 400_000, 1_600_000, 16_000_000, 32_000_000].map((read) => {
    memory.onRead(read);
    return debtors();
  });
  assert.deepEqual(counts, [0, 1, 2, 8, 8]);
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
  const rest: Uint8Array[] = [];
  for (let data; (data = buffer.read(1e6));) rest.push(data);
  assert.deepEqual(concatBytes(...rest), whole.subarray(150_000));
});
