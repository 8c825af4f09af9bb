import assert from "node:assert/strict";
import { Reader } from "../../src/bytes/reader.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { readCrypto } from "../../src/frame/crypto.ts";
import type { FrameHandler } from "../../src/frame/frame_table.ts";
import { CryptoStream } from "../../src/stream/crypto_stream.ts";
import { pattern, TestSink } from "./sink.ts";

function pass(sink: TestSink, to: CryptoStream): void {
  const reader = new Reader(sink.bytes);
  const handler = { onCrypto: (at: number, data: Uint8Array) => to.receive(at, data) };
  while (reader.remaining > 0) {
    assert.equal(reader.uint8(), 0x06);
    readCrypto(reader, handler as unknown as FrameHandler);
  }
}

Deno.test("CryptoStream carries messages in order over loss", () => {
  const [from, to] = [new CryptoStream(), new CryptoStream()];
  from.write(pattern(0, 0, 1000));
  from.write(pattern(0, 1000, 3000));
  const sinks = [0, 1, 2].map(() => {
    const sink = new TestSink();
    assert.equal(from.writeFrames(sink), true);
    return sink;
  });
  assert.equal(from.hasPending, true);
  for (let i = 2; i > 0; i--) pass(sinks[i]!, to);
  assert.equal(to.read(), undefined);
  sinks[0]!.lost();
  sinks[1]!.acked();
  const last = new TestSink(3000);
  assert.equal(from.writeFrames(last), true);
  assert.equal(last.frames.length, 2);
  assert.equal(from.hasPending, false);
  assert.equal(from.writeFrames(new TestSink()), false);
  pass(last, to);
  assert.deepEqual(to.read(), pattern(0, 0, 4000));
});

Deno.test("CryptoStream writes a short message whole, and of a longer one no crumbs", () => {
  for (const [size, room, written] of [[1, 100, 1], [15, 100, 15], [40, 18, 0], [40, 19, 16]]) {
    const stream = new CryptoStream();
    stream.write(pattern(0, 0, size!));
    const sink = new TestSink(room);
    assert.equal(stream.writeFrames(sink), written! > 0, `${size} bytes into ${room}`);
    const lengths = sink.frames.map(({ start, end }) => end - start);
    assert.deepEqual(lengths, written! > 0 ? [written] : [], `${size} bytes into ${room}`);
  }
});

Deno.test("CryptoStream.receive() bounds what waits to be read [attack crypto-window]", () => {
  const code = ErrorCode.CryptoBufferExceeded;
  const stream = new CryptoStream();
  assert.throws(() => stream.receive(2 ** 30, new Uint8Array(1)), { code });
  stream.receive(0, new Uint8Array(65_536));
  assert.throws(() => stream.receive(65_536, new Uint8Array(1)), { code });
  while (stream.read());
  stream.receive(65_536, new Uint8Array(1));
  assert.equal(stream.read()!.length, 1);
});

Deno.test("CryptoStream.receive() refuses more than 128 fragments [attack crypto-window]", () => {
  const stream = new CryptoStream();
  for (let i = 1; i <= 128; i++) stream.receive(i * 2, new Uint8Array(1));
  assert.throws(() => stream.receive(400, new Uint8Array(1)), {
    code: ErrorCode.CryptoBufferExceeded,
  });
});

Deno.test("CryptoStream.resend() sends again what was not acknowledged", () => {
  const stream = new CryptoStream();
  stream.write(pattern(0, 0, 2000));
  const [one, two] = [new TestSink(), new TestSink()];
  stream.writeFrames(one);
  stream.writeFrames(two);
  one.acked();
  stream.resend();
  const again = new TestSink();
  stream.writeFrames(again);
  assert.deepEqual(again.frames.map(({ start, end }) => [start, end]), [[1196, 2000]]);
  stream.discard();
  assert.equal(stream.hasPending, false);
  assert.equal(stream.bytesHeld, 0);
});
