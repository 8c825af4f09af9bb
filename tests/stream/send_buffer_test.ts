import assert from "node:assert/strict";
import fc from "fast-check";
import { BufferMemory } from "../../src/stream/buffer_memory.ts";
import { SendBuffer } from "../../src/stream/send_buffer.ts";
import { pattern } from "./sink.ts";

Deno.test("SendBuffer holds little for a drip of small writes, however long it goes on", () => {
  const buffer = new SendBuffer();
  let peak = 0;
  for (let i = 0; i < 20_000; i++) {
    buffer.write(pattern(0, buffer.end, 20));
    buffer.onSent(20);
    // Fifty are always under way.
    if (i >= 50) buffer.acknowledge(20 * (i - 50), 20 * (i - 49));
    if (i > 1_000) peak = Math.max(peak, buffer.bytesHeld);
  }
  assert.ok(peak <= 4_096, `${peak} bytes for 1,000 that are kept`);
  buffer.acknowledge(0, buffer.end);
  assert.equal(buffer.bytesHeld, 0);
});

Deno.test("SendBuffer lets go of what is acknowledged behind a packet that never is", () => {
  const buffer = new SendBuffer();
  let peak = 0;
  for (let at = 0; at < 5_000_000; at += 1_000) {
    buffer.write(new Uint8Array(1_000));
    buffer.onSent(1_000);
    if (at > 0) buffer.acknowledge(at, at + 1_000);
    peak = Math.max(peak, buffer.bytesHeld);
  }
  assert.ok(peak <= 300_000, `${peak} bytes`);
});

Deno.test("SendBuffer gives the memory of large chunks back at once", () => {
  const data = new Uint8Array(1_000_000);
  const before = Deno.memoryUsage().external;
  let most = 0;
  for (let i = 0; i < 200; i++) {
    const buffer = new SendBuffer();
    buffer.write(data);
    buffer.onSent(data.length);
    // Some behind a packet that is late, some in order, some with the stream that is reset.
    buffer.acknowledge(300_000, 500_000);
    buffer.acknowledge(0, 600_000);
    buffer.discard();
    most = Math.max(most, Deno.memoryUsage().external - before);
  }
  assert.ok(most < 2e6, `${most} bytes`);
});

Deno.test("SendBuffer gives every byte that is not acknowledged, whatever its chunks", () => {
  const step = fc.record({
    writes: fc.oneof(fc.nat(50), fc.nat(5_000), fc.nat(200_000)),
    sends: fc.nat(100_000),
    acks: fc.array(fc.tuple(fc.nat(400_000), fc.nat(60_000)), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const memory = new BufferMemory();
      const buffer = new SendBuffer(memory);
      for (const { writes, sends, acks } of steps) {
        buffer.write(pattern(3, buffer.end, writes));
        buffer.onSent(Math.min(sends, buffer.bytesQueued));
        for (const [start, length] of acks) buffer.acknowledge(start, start + length);
        assert.equal(memory.allocated, buffer.bytesHeld);
        for (let at = buffer.acknowledgedTo; at < buffer.sentEnd;) {
          const range = buffer.nextInFlight(at, 1_200);
          if (!range) break;
          const data = new Uint8Array(range[1] - range[0] + 2);
          buffer.copyInto(data, 1, range[0], range[1] - range[0]);
          assert.deepEqual(data.subarray(1, -1), pattern(3, range[0], range[1] - range[0]));
          at = range[1];
        }
      }
      buffer.discard();
      assert.equal(memory.allocated, 0);
    }),
    { numRuns: 50 },
  );
});
