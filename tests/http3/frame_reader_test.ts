import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { frame, frameHeader, varints } from "../../src/http3/wire/frame.ts";
import { FrameReader } from "../../src/http3/wire/frame_reader.ts";

function reader(bytes: Uint8Array<ArrayBuffer>, size = bytes.length): FrameReader {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  return new FrameReader(ReadableStream.from(chunks));
}

const payload = Uint8Array.from({ length: 300 }, (_, i) => i);
const frames = concatBytes(frame(0, payload), frame(0x4242, varints()), frame(2 ** 40, payload));

Deno.test("FrameReader walks frames cut into pieces of any size", async () => {
  for (const size of [1, 2, 3, 7, 100, 301, 1000]) {
    const frameReader = reader(frames, size);
    assert.equal(await frameReader.next(), true);
    assert.deepEqual([frameReader.type, frameReader.remaining], [0, 300]);
    assert.deepEqual(await frameReader.payload(300), payload);
    assert.equal(await frameReader.next(), true);
    assert.deepEqual([frameReader.type, frameReader.remaining], [0x4242, 0]);
    assert.equal(await frameReader.piece(), undefined);
    assert.equal(await frameReader.next(), true);
    assert.deepEqual([frameReader.type, frameReader.remaining], [2 ** 40, 300]);
    assert.equal(await frameReader.next(), false, "what was not read is passed over");
  }
});

Deno.test("FrameReader.piece() hands on views, not copies", async () => {
  const bytes = frame(0, payload);
  const frameReader = reader(bytes);
  await frameReader.next();
  assert.equal((await frameReader.piece())!.buffer, bytes.buffer);
});

Deno.test("FrameReader refuses streams that end within a frame", async () => {
  for (let end = 1; end < 303; end++) {
    const frameReader = reader(frames.slice(0, end));
    await assert.rejects(async () => {
      await frameReader.next();
      await frameReader.payload(1000);
    }, { name: "ApplicationError", code: 0x106 });
  }
});

Deno.test("FrameReader.payload() refuses to hold more than it may", async () => {
  const frameReader = reader(frameHeader(1, 2 ** 40));
  await frameReader.next();
  await assert.rejects(frameReader.payload(1000), { name: "StreamError", code: 0x107 });
});

Deno.test("FrameReader.cancel() ends a waiting read with the reason", async () => {
  let cancelled: unknown;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    cancel: (reason) => void (cancelled = reason),
  });
  const frameReader = new FrameReader(stream);
  const waiting = frameReader.next();
  const error = new StreamError(0x10c, "enough");
  const reason = new Error("why");
  frameReader.cancel(error, reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(frameReader.next(), reason);
  assert.equal(cancelled, error);
});
