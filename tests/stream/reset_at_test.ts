import assert from "node:assert/strict";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import { RESET_STREAM_AT } from "../../src/frame/stream_control.ts";
import type { ReceiveHalf } from "../../src/stream/receive_half.ts";
import type { Stream } from "../../src/stream/stream.ts";
import { SendHalf } from "../../src/stream/send_half.ts";
import { SendState } from "../../src/stream/send_state.ts";
import { TestObserver } from "./sink.ts";
import { linkOf, Pair } from "../sim/pair.ts";

/** A stream on which the client has written so many bytes, and what the server gets of it. */
function makeStream(pair: Pair, written: number): { sender: Stream; read: () => ReceiveHalf } {
  pair.client.onEvent = () => {};
  pair.server.host.onActive = (connection) => {
    while (connection.nextEvent() !== undefined);
  };
  const sender = pair.client.connection.streams.open(Kind.Unidirectional)!;
  sender.send!.write(Uint8Array.from({ length: written }, (_, i) => i % 251));
  return { sender, read: () => pair.server.connection.streams.find(sender.id)!.receive! };
}

function readAll(half: ReceiveHalf): number[] {
  const bytes: number[] = [];
  for (let data; (data = half.read(1_000)) !== undefined;) bytes.push(...data);
  return bytes;
}

// Reliable stream reset, Section 5: what was promised arrives, and the reset behind it.
Deno.test("SendHalf.resetAt() delivers its first bytes over a bad link, then the reset", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new SeededRandom(seed);
    const link = linkOf(10, 40, { loss: 0.2, reorder: 0.2, reorderDelay: 20, keepOrder: false });
    const pair = new Pair({ seed, links: [link] }).connect();
    const written = 1 + random.below(60_000);
    const reliable = 1 + random.below(written);
    const { sender, read } = makeStream(pair, written);
    pair.run({ until: pair.now + random.below(60) });
    const acknowledged = sender.send!.acknowledgedTo;
    sender.send!.resetAt(77, reliable);
    const bytes: number[] = [];
    let code = -1;
    pair.run({
      until: pair.now + 20_000,
      when: () => {
        const stream = pair.server.connection.streams.find(sender.id);
        if (stream?.receive === undefined) return false;
        const { receive } = stream;
        bytes.push(...readAll(receive));
        code = receive.resetCode;
        return receive.isFinished;
      },
    });
    assert.equal(code, 77, `seed ${seed}`);
    // A peer that has promised less than had arrived already may drop the rest.
    if (acknowledged < reliable) assert.ok(bytes.length >= reliable, `seed ${seed}`);
    assert.ok(bytes.every((byte, i) => byte === i % 251));
    pair.run({ until: pair.now + 20_000, when: () => sender.send!.isDone });
    assert.ok(sender.send!.isDone);
    assert.equal(pair.client.connection.streams.find(sender.id), undefined);
    assert.ok(pair.client.connection.closing.open && pair.server.connection.closing.open);
    void read;
  }
});

Deno.test("SendHalf.resetAt() refuses more writing, and gives in to STOP_SENDING", () => {
  const pair = new Pair().connect();
  const { sender, read } = makeStream(pair, 50_000);
  pair.run({ until: pair.now + 30 });
  sender.send!.resetAt(5, 40_000);
  assert.equal(sender.send!.isWritable, false);
  assert.throws(() => sender.send!.write(Uint8Array.of(1)), { name: "StreamError", code: 5 });
  sender.send!.finish();
  read().stop(9);
  pair.run({ until: pair.now + 2_000 });
  assert.equal(sender.send!.isDone, true);
  assert.equal(sender.send!.resetCode, 5);
});

Deno.test("SendHalf.resetAt() takes back the end that was not sent yet", () => {
  const pair = new Pair().connect();
  const { sender } = makeStream(pair, 100_000);
  sender.send!.finish();
  sender.send!.resetAt(3, 10);
  let code = -1;
  let size = 0;
  pair.run({
    until: pair.now + 5_000,
    when: () => {
      const half = pair.server.connection.streams.find(sender.id)?.receive;
      if (half === undefined) return false;
      size += readAll(half).length;
      code = half.resetCode;
      return half.isFinished;
    },
  });
  assert.deepEqual([code, size], [3, 10]);
});

Deno.test("SendHalf.resetAt() is an ordinary reset for a peer that does not understand it", () => {
  const half = new SendHalf(0, 1_000, Object.assign(new TestObserver(), { takesResetAt: false }));
  half.write(new Uint8Array(500));
  half.resetAt(3, 400);
  assert.deepEqual([half.state, half.resetCode], [SendState.ResetSent, 3]);
  assert.equal(half.bytesQueued, 0);
});

Deno.test("ReceiveHalf.onReset() lets a second frame promise less, never more", () => {
  const pair = new Pair().connect();
  const { sender, read } = makeStream(pair, 20_000);
  pair.run({ until: pair.now + 200 });
  const half = read();
  half.onReset(8, 20_000, 15_000);
  half.onReset(9, 20_000, 18_000);
  assert.equal(readAll(half).length, 15_000);
  assert.equal(half.resetCode, 8);
  assert.equal(sender.send!.bytesSent, 20_000);
  const second = makeStream(pair, 20_000);
  pair.run({ until: pair.now + 200 });
  const zero = second.read();
  zero.onReset(0, 20_000, 15_000);
  zero.onReset(9, 20_000, 15_000);
  assert.equal(readAll(zero).length, 15_000);
  assert.equal(zero.resetCode, 0, "the first code counts, 0 too");
  const other = makeStream(pair, 20_000);
  pair.run({ until: pair.now + 200 });
  other.read().onReset(8, 20_000, 15_000);
  other.read().onReset(8, 20_000);
  assert.equal(readAll(other.read()).length, 0);
  assert.equal(RESET_STREAM_AT, 0x24);
});
