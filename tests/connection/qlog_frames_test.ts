import assert from "node:assert/strict";
import { FrameDescriber } from "../../src/connection/trace/qlog_frames.ts";
import { writeApplicationClose } from "../../src/frame/close.ts";
import { ACK } from "../../src/frame/ack.ts";
import { RESET_STREAM, STOP_SENDING } from "../../src/frame/stream_control.ts";
import { writeStreamHeader } from "../../src/frame/stream.ts";
import { Qlog } from "../../src/qlog/qlog.ts";
import { QlogWriter } from "../../src/qlog/writer.ts";
import { writePathAbandon } from "../../src/frame/multipath.ts";
import { PADDING } from "../../src/frame/ping.ts";
import { writePathChallenge } from "../../src/frame/path_validation.ts";
import { written } from "../frame/recorder.ts";
import { shortest, types } from "../frame/samples.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";

// deno-lint-ignore no-explicit-any
type Frame = any;

/** The frames as a log shows them, and how long that is. */
function described(
  bytes: Uint8Array,
  type = 4,
  protocol = "",
): { frames: Frame[]; length: number } {
  const sink = { write: () => true };
  const qlog = new Qlog(new QlogWriter(sink, { role: "client", start: 0, epoch: 0 }));
  qlog.alpn(0, protocol);
  qlog.json.open().openList("frames");
  new FrameDescriber(qlog).describe(bytes, 0, bytes.length, type);
  const text = qlog.json.closeList().close().take();
  return { frames: JSON.parse(text).frames, length: text.length };
}

Deno.test("FrameDescriber finds each frame with its size, and PADDING as one", () => {
  const bytes = written((writer) => {
    writer.uint8(1);
    writer.fill(0, 10);
    writeStreamHeader(writer, 4, 1_000, 50, true);
    writer.fill(7, 50);
    writer.fill(0, 3);
  });
  const { frames } = described(bytes);
  assert.deepEqual(frames.map(({ frame_type: name }: Frame) => name), [
    "ping",
    "padding",
    "stream",
    "padding",
  ]);
  assert.equal(frames[0].raw.length, 1);
  assert.equal(frames[1].raw.payload_length, 10);
  assert.deepEqual(frames[2], {
    frame_type: "stream",
    raw: { length: 50, payload_length: 50 },
    stream_id: 4,
    offset: 1_000,
    fin: true,
  });
  assert.equal(frames[3].raw.length, 3);
});

Deno.test("FrameDescriber names every frame as the table does, with all its fields", () => {
  for (const { row, type } of types) {
    if (type === PADDING) continue;
    const { frames } = described(shortest(type));
    assert.equal(frames.length, 1, row.name);
    const [{ frame_type: name, raw, ...fields }] = frames;
    assert.equal(name, row.logName);
    assert.ok(Number.isInteger(raw.length), row.name);
    // The rest have a method, which adds what is more than a name.
    if (row.log) assert.deepEqual(Object.keys(fields), row.log, row.name);
    else assert.ok(Object.keys(fields).length > 0 || raw.payload_length >= 0, row.name);
  }
});

Deno.test("FrameDescriber writes what the table names: numbers, and bytes as hexadecimal digits", () => {
  const bytes = written((writer) => {
    writePathAbandon(writer, 3, 0x3e76);
    writePathChallenge(writer, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0xff));
  });
  const { frames } = described(bytes);
  assert.deepEqual(frames, [
    { frame_type: "path_abandon", raw: { length: 5 }, path_id: 3, error_code: 0x3e76 },
    { frame_type: "path_challenge", raw: { length: 9 }, data: "01020304050607ff" },
  ]);
});

Deno.test("FrameDescriber stays short for ten thousand ACK ranges [attack logs]", () => {
  // We never write so many, but a peer can: every other packet is missing.
  const bytes = written((writer) => {
    writer.uint8(ACK);
    for (const value of [19_998, 5, 9_999, 0]) writer.varint(value);
    writer.fill(0, 2 * 9_999);
  }, 60_000);
  const { frames, length } = described(bytes);
  const [ack] = frames;
  assert.equal(ack.acked_ranges.length, 64);
  assert.deepEqual(ack.acked_ranges[0], [19_998]);
  assert.ok(ack.ranges_left_out > 100);
  assert.equal(ack.ack_delay, 0.04);
  assert.ok(length < 1_500, `${length} characters`);
});

Deno.test("FrameDescriber stays short for a packet full of frames", () => {
  const pings = described(new Uint8Array(60_000).fill(1));
  assert.equal(pings.frames.length, 49);
  assert.match(pings.frames[48].note, /59952 more/);
  assert.ok(pings.length < 4_000, `${pings.length} characters`);
  const reason = new TextEncoder().encode("\u0000\u001e".repeat(2_000));
  const close = written((writer) => writeApplicationClose(writer, 1, reason), 5_000);
  assert.ok(described(close).length < 2_000);
});

Deno.test("FrameDescriber writes JSON whatever the bytes are", () => {
  const random = new SeededRandom(7);
  for (let i = 0; i < 20_000; i++) {
    const bytes = random.bytes(1 + random.below(60));
    const { frames, length } = described(bytes, [0, 1, 2, 4][i % 4]);
    assert.ok(frames.length > 0 && length < 8_000);
  }
});

Deno.test("FrameDescriber names the codes of HTTP/3, once that was agreed on", () => {
  const reset = written((writer) => {
    writer.uint8(RESET_STREAM);
    for (const value of [4, 0x10c, 0]) writer.varint(value);
    writer.uint8(STOP_SENDING);
    for (const value of [4, 0x10e]) writer.varint(value);
    writeApplicationClose(writer, 0x107, new Uint8Array(0));
  });
  const errors = (protocol: string) =>
    described(reset, 4, protocol).frames.map(({ error, error_code: code }: Frame) => [error, code]);
  assert.deepEqual(errors("h3"), [
    ["http_request_cancelled", undefined],
    ["unknown", 0x10e],
    ["http_excessive_load", undefined],
  ]);
  assert.deepEqual(errors("chat"), [
    ["unknown", 0x10c],
    ["unknown", 0x10e],
    ["unknown", 0x107],
  ]);
});
