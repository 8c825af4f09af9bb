import assert from "node:assert/strict";
import { Ledger } from "../../src/limits/ledger.ts";
import { SERVER_LIMITS } from "../../src/limits/limits.ts";
import { BufferMemory } from "../../src/stream/buffer_memory.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import type { SendHalf } from "../../src/stream/send_half.ts";
import { StreamSet } from "../../src/stream/stream_set.ts";
import { TestSink } from "./sink.ts";

const WINDOW = 1_048_576;

/** A connection with streams whose peer allows each of them so much. */
function make(streams: number, streamWindow: number = WINDOW, memory = new BufferMemory()) {
  const set = new StreamSet({
    role: "client",
    maxBidirectionalStreams: 10,
    maxUnidirectionalStreams: 10,
    connectionWindow: WINDOW,
    maxConnectionWindow: WINDOW,
    streamWindow: WINDOW,
    maxStreamWindow: WINDOW,
    memory,
  });
  set.setPeerLimits({
    initialMaxData: 1e9,
    initialMaxStreamDataBidiLocal: streamWindow,
    initialMaxStreamDataBidiRemote: streamWindow,
    initialMaxStreamDataUni: streamWindow,
    initialMaxStreamsBidi: 100,
    initialMaxStreamsUni: streams,
  });
  const halves = Array.from({ length: streams }, () => set.open(Kind.Unidirectional)!.send!);
  return { set, halves };
}

/** Writes as an application does that has more than it is let; returns what waits. */
function fill(halves: readonly SendHalf[]): number {
  const piece = new Uint8Array(1_000);
  for (const half of halves) while (half.isWritable) half.write(piece);
  return halves.reduce((sum, { bytesQueued }) => sum + bytesQueued, 0);
}

/** Sends a packet that arrives. */
function send(set: StreamSet): void {
  const sink = new TestSink(1_400);
  set.writeStreamFrames(sink);
  sink.acked();
}

Deno.test("A hundred streams of which nothing is taken hold little, in all", () => {
  const { set, halves } = make(100);
  const waiting = fill(halves);
  assert.ok(waiting <= 262_144 + 100 * 5_096, `${waiting} bytes wait`);
  assert.ok(waiting >= 262_144, `${waiting} bytes wait`);
  const held = halves.reduce((sum, { bytesHeld }) => sum + bytesHeld, 0);
  assert.ok(held <= 1.3 * waiting, `${held} bytes are held`);
  assert.equal(set.memory.allocated, held);
});

Deno.test("A hundred streams without credit hold less, and none of the others' room", () => {
  const { set, halves } = make(100, 1_000);
  const waiting = fill(halves);
  assert.ok(waiting <= 262_144 + 100 * 5_096, `${waiting} bytes wait`);
  const reader = halves[50]!;
  set.onMaxStreamData(reader.id, WINDOW);
  assert.ok(reader.isWritable);
  fill([reader]);
  assert.ok(reader.bytesQueued > 60_000, `${reader.bytesQueued} bytes wait`);
});

Deno.test("One stream may write far ahead, and each of many goes on as it is served", () => {
  const { set, halves } = make(100);
  const [first, last] = [halves[0]!, halves[99]!];
  assert.ok(fill([first]) > 130_000);
  fill(halves);
  assert.equal(last.isWritable, false);
  const before = last.bytesSent;
  for (let i = 0; i < 1_000 && last.bytesSent - before < 50_000; i++) {
    send(set);
    fill(halves);
  }
  assert.ok(last.bytesSent - before >= 9_000, `${last.bytesSent - before} bytes of the last left`);
});

Deno.test("A peer that has taken much is written ahead to further", () => {
  const { set, halves } = make(30);
  const before = fill(halves);
  for (let i = 0; i < 4_000; i++) {
    send(set);
    fill(halves);
    for (const { id, bytesSent } of halves) set.onMaxStreamData(id, bytesSent + WINDOW);
  }
  const after = fill(halves);
  assert.ok(after > 4 * before && after <= 2_097_152 + 30 * 5_096, `${before}, then ${after}`);
});

Deno.test("Nothing is written ahead where there is no memory for it", () => {
  const ledger = new Ledger({
    ...SERVER_LIMITS,
    bytes: { perConnection: 1e9, perAddress: 1e9, perNetwork: 1e9, total: 1_000_000 },
  });
  const other = ledger.open("192.0.2.7");
  assert.ok(other.hold("bytes", 990_000));
  const account = ledger.open("192.0.2.1");
  const { halves } = make(10, WINDOW, new BufferMemory(account));
  const waiting = fill(halves.slice(0, 1));
  assert.ok(waiting > 0 && waiting <= 8_000, `${waiting} bytes wait`);
  other.release("bytes", 990_000);
  assert.ok(fill(halves) > 130_000);
});

Deno.test("WriteRoom.reserve() keeps room for one from the others, and gives it back", () => {
  const { halves } = make(3);
  const [one, other, third] = halves as [SendHalf, SendHalf, SendHalf];
  assert.equal(one.room.reserve(200_000), 200_000);
  assert.equal(one.room.reserve(150_000), 150_000, "instead of what was before");
  assert.ok(other.room.bytes <= 262_144 - 150_000);
  one.write(new Uint8Array(100_000));
  assert.ok(other.room.bytes > 262_144 - 150_000, "what was not used is free");
  assert.ok(third.room.reserve(1e6) < 262_144);
  third.reset(7);
  assert.equal(third.room.reserve(1_000), 0, "nothing more will be written");
  assert.equal(other.room.bytes, 262_144 - 100_000);
});
