import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { CapsuleReader, encodeCapsule } from "../../src/http3/wire/capsule.ts";
import { frame, frameHeader } from "../../src/http3/wire/frame.ts";
import type { H3Connection } from "../../src/http3/message/h3_connection.ts";
import { MessageReader } from "../../src/http3/message/message_reader.ts";
import { FrameReader } from "../../src/http3/wire/frame_reader.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { dataFrame, headersFrame } from "./raw_peer.ts";

const connection = {
  role: "server",
  maxFieldSectionSize: 1_000,
  decode: (id: number, section: Uint8Array) => new QpackDecoder().decode(id, section),
  forget() {},
} as unknown as H3Connection;

/** A reader of a message whose bytes come in these chunks. */
function reading(...chunks: Uint8Array<ArrayBuffer>[]): MessageReader {
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return new MessageReader(connection, 0, new FrameReader(stream));
}

async function piecesOf(reader: MessageReader): Promise<string[]> {
  const pieces: string[] = [];
  for (let piece; (piece = await reader.data());) pieces.push(new TextDecoder().decode(piece));
  return pieces;
}

const trailers = headersFrame([["t", "1"]]);
const reserved = frame(0x21, new Uint8Array(3));

Deno.test("MessageReader.data() makes one piece of small frames that came together", async () => {
  const one = concatBytes(
    dataFrame("a"),
    dataFrame(""),
    reserved,
    dataFrame("bc"),
    trailers,
    reserved,
  );
  const reader = reading(one);
  assert.deepEqual(await piecesOf(reader), ["abc"]);
  assert.equal(reader.trailers!.get("t"), "1");
  const large = "x".repeat(2_000);
  const mixed = concatBytes(dataFrame("a"), dataFrame(large), dataFrame("b"), dataFrame("c"));
  assert.deepEqual((await piecesOf(reading(mixed))).join(""), `a${large}bc`);
  // What is large already is not copied.
  const alone = concatBytes(dataFrame(large), dataFrame("b"));
  assert.deepEqual(await piecesOf(reading(alone)), [large, "b"]);
});

Deno.test("MessageReader.data() reads small frames however they are cut", async () => {
  const bytes = concatBytes(
    ...Array.from({ length: 50 }, (_, i) => i % 5 === 4 ? reserved : dataFrame(String(i % 10))),
    dataFrame("end"),
    trailers,
  );
  let expected = "";
  for (let i = 0; i < 50; i++) if (i % 5 !== 4) expected += String(i % 10);
  for (let size = 1; size <= bytes.length; size++) {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
    const reader = reading(...chunks);
    assert.equal((await piecesOf(reader)).join(""), `${expected}end`, `pieces of ${size}`);
    assert.equal(reader.trailers!.get("t"), "1");
  }
});

Deno.test("MessageReader.data() sees what is wrong among small frames", async () => {
  const cases: readonly [what: string, code: number, ...frames: Uint8Array[]][] = [
    ["a frame of HTTP/2", 0x105, dataFrame("a"), frame(0x08, new Uint8Array(0)), dataFrame("b")],
    ["SETTINGS", 0x105, dataFrame("a"), frame(0x04, new Uint8Array(0))],
    ["data after trailers", 0x105, dataFrame("a"), trailers, dataFrame("b")],
    ["trailers twice", 0x105, dataFrame("a"), trailers, trailers],
    ["too much", 0x10e, dataFrame("a"), dataFrame("b"), dataFrame("c")],
    ["an end in a header", 0x106, dataFrame("a"), new Uint8Array([0x00])],
    ["an end in a payload", 0x106, dataFrame("a"), frameHeader(0x00, 1)],
  ];
  for (const [what, code, ...frames] of cases) {
    const reader = reading(concatBytes(...frames));
    reader.expect(2);
    await assert.rejects(piecesOf(reader), { code }, what);
  }
});

Deno.test("MessageReader.data() gives nothing of what is at hand once it was cancelled", async () => {
  const reader = reading(concatBytes(dataFrame("a".repeat(2_000)), dataFrame("b")));
  assert.equal((await reader.data())!.length, 2_000);
  const reason = new Error("enough");
  reader.cancel(new StreamError(0x10c, "not wanted"), reason);
  await assert.rejects(reader.data(), reason);
});

Deno.test("A flood of small frames costs little more than the bytes that bring it [attack small-frames]", async () => {
  const size = 65_536;
  const floods: readonly [what: string, chunk: Uint8Array<ArrayBuffer>][] = [
    ["empty DATA", new Uint8Array(size)],
    ["empty reserved frames", Uint8Array.from({ length: size }, (_, i) => i % 2 ? 0 : 0x21)],
    ["DATA of a byte", Uint8Array.from({ length: size - 1 }, (_, i) => i % 3 === 1 ? 1 : 0)],
  ];
  for (const [what, chunk] of floods) {
    const reader = reading(...Array.from({ length: 20 }, () => chunk.slice()));
    let turns = 0;
    let isOver = false;
    const count = async () => {
      for (; !isOver; turns++) await Promise.resolve();
    };
    const counting = count();
    await piecesOf(reader);
    isOver = true;
    await counting;
    assert.ok(turns < 1_000, `${what}: ${turns} turns for ${20 * size} bytes`);
  }
  const capsules = new Uint8Array(size).fill(0x21).map((byte, i) => i % 2 ? 0 : byte);
  const reader = new CapsuleReader(
    new Response(concatBytes(capsules, encodeCapsule(0, capsules))).body!,
  );
  assert.equal((await reader.next())!.value.length, size);
});
