import assert from "node:assert/strict";
import type { BidirectionalStream } from "../../src/api/stream/connection_streams.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { DenoPair, type DenoPairOptions, type OurRole } from "./deno_pair.ts";
import { collect, digest, sendAll } from "./streams.ts";

const MEGABYTE = 1_000_000;
const roles: readonly OurRole[] = ["client", "server"];

/** Registers a test for either role of ours. */
function testBoth(
  name: string,
  options: DenoPairOptions,
  run: (pair: DenoPair, role: OurRole) => Promise<void>,
): void {
  for (const role of roles) {
    Deno.test(`MultipathConnection as ${role} of the runtime's QUIC ${name}`, async () => {
      await using pair = await DenoPair.make(role, options);
      await run(pair, role);
    });
  }
}

/** Either kind of connection: that is what the common shape is for. */
type Conn = Omit<Deno.QuicConn, "endpoint">;

async function accept(conn: Conn): Promise<Omit<BidirectionalStream, "id">> {
  const reader = conn.incomingBidirectionalStreams.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return value as unknown as BidirectionalStream;
}

async function acceptOneWay(conn: Conn): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const reader = conn.incomingUnidirectionalStreams.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return value!;
}

/** Opens a stream on one end, sends and receives at the same time on both. */
async function exchange(opener: Conn, other: Conn, size: number): Promise<void> {
  const there = patternBytes(1, 0, size);
  const back = patternBytes(2, 0, size);
  const ask = async () => {
    const { readable, writable } = await opener.createBidirectionalStream();
    const [received] = await Promise.all([collect(readable), sendAll(writable, there)]);
    assert.equal(digest(received), digest(back));
  };
  const answer = async () => {
    const { readable, writable } = await accept(other);
    const [received] = await Promise.all([collect(readable), sendAll(writable, back)]);
    assert.equal(digest(received), digest(there));
  };
  await Promise.all([ask(), answer()]);
}

/** Sends on a stream of one direction. */
async function sendOneWay(from: Conn, to: Conn, size: number): Promise<void> {
  const data = patternBytes(3, 0, size);
  const send = async () => sendAll(await from.createUnidirectionalStream(), data);
  const receive = async () => {
    assert.equal(digest(await collect(await acceptOneWay(to))), digest(data));
  };
  await Promise.all([send(), receive()]);
}

testBoth("agrees on the protocol and on one path", {}, async ({ ours, theirs }, role) => {
  assert.equal(ours.protocol, "test");
  assert.equal(theirs.protocol, "test");
  assert.equal(ours.multipath, false);
  assert.equal(ours.paths.length, 1);
  assert.equal(role === "server" ? ours.serverName : theirs.serverName, "localhost");
  await assert.rejects(ours.openPath(), /path/i);
});

testBoth("exchanges 10 MB each way on a stream of ours", {}, async ({ ours, theirs }) => {
  await exchange(ours, theirs, 10 * MEGABYTE);
});

testBoth("exchanges 10 MB each way on a stream of theirs", {}, async ({ ours, theirs }) => {
  await exchange(theirs, ours, 10 * MEGABYTE);
});

testBoth("carries 10 MB each way on streams of one direction", {}, async ({ ours, theirs }) => {
  await Promise.all([
    sendOneWay(ours, theirs, 10 * MEGABYTE),
    sendOneWay(theirs, ours, 10 * MEGABYTE),
  ]);
});

testBoth("carries 400 streams at once each way", {}, async ({ ours, theirs }) => {
  await Promise.all([manyEchoes(ours, theirs), manyEchoes(theirs, ours)]);
});

async function manyEchoes(opener: Conn, echoer: Conn): Promise<void> {
  const count = 400;
  const incoming = echoer.incomingBidirectionalStreams.getReader();
  const echoing = (async () => {
    const pipes: Promise<void>[] = [];
    for (let i = 0; i < count; i++) {
      const { value } = await incoming.read();
      pipes.push(value!.readable.pipeTo(value!.writable));
    }
    await Promise.all(pipes);
  })();
  const ask = async (i: number) => {
    const data = patternBytes(i, 0, 20 * i);
    const { readable, writable } = await opener.createBidirectionalStream({
      waitUntilAvailable: true,
    });
    const [received] = await Promise.all([collect(readable), sendAll(writable, data)]);
    assert.deepEqual(received, data);
  };
  await Promise.all([echoing, ...Array.from({ length: count }, (_, i) => ask(i))]);
}

testBoth("exchanges datagrams", {}, async ({ ours, theirs }) => {
  for (const [from, to] of [[ours, theirs], [theirs, ours]] as [Conn, Conn][]) {
    assert.ok(from.maxDatagramSize > 1_000);
    for (const size of [1, 500, from.maxDatagramSize]) {
      const data = patternBytes(size, 0, size);
      await from.sendDatagram(data);
      assert.deepEqual(await to.readDatagram(), data);
    }
  }
});

testBoth("tells of its close", {}, async ({ ours, theirs }) => {
  ours.close({ closeCode: 4_711, reason: "enough of this" });
  const { closeCode, reason } = await theirs.closed;
  assert.deepEqual({ closeCode, reason }, { closeCode: 4_711, reason: "enough of this" });
  assert.deepEqual(await ours.closed, { closeCode: 4_711, reason: "enough of this" });
});

testBoth("hears of their close", {}, async ({ ours, theirs }) => {
  theirs.close({ closeCode: 70_000, reason: "Schluß" });
  assert.deepEqual(await ours.closed, { closeCode: 70_000, reason: "Schluß" });
});

testBoth("gives up after their idle timeout", {
  theirs: { maxIdleTimeout: 300 },
}, async ({ ours }) => {
  const start = performance.now();
  await assert.rejects(ours.closed, { name: "TimeoutError" });
  const waited = performance.now() - start;
  assert.ok(waited > 200 && waited < 3_000, `${waited} ms`);
});

testBoth("makes them give up after our idle timeout", {
  transport: { maxIdleTimeout: 300 },
}, async ({ theirs }) => {
  await assert.rejects(theirs.closed, /timed out/);
});

testBoth("stays open as long as they keep it alive", {
  transport: { maxIdleTimeout: 300 },
  theirs: { keepAliveInterval: 100 },
}, async ({ ours, theirs }) => {
  await new Promise((resolve) => setTimeout(resolve, 700));
  await exchange(ours, theirs, 1_000);
});

testBoth("stays open as long as we keep it alive", {
  transport: { keepAliveInterval: 100 },
  theirs: { maxIdleTimeout: 300 },
}, async ({ ours, theirs }) => {
  await new Promise((resolve) => setTimeout(resolve, 700));
  await exchange(ours, theirs, 1_000);
});

testBoth("resets with its code", {}, async ({ ours, theirs }) => {
  const writer = (await ours.createUnidirectionalStream()).getWriter();
  await writer.write(new Uint8Array(10));
  const reader = (await acceptOneWay(theirs)).getReader();
  assert.equal((await reader.read()).value!.length, 10);
  await writer.abort(new StreamError(77, "changed our mind"));
  await assert.rejects(reader.read(), /error 77/);
});

testBoth("stops their sending with its code", {}, async ({ ours, theirs }) => {
  const writer = (await theirs.createUnidirectionalStream()).getWriter();
  await writer.write(new Uint8Array(10));
  const reader = (await acceptOneWay(ours)).getReader();
  assert.equal((await reader.read()).value!.length, 10);
  await reader.cancel(new StreamError(78, "seen enough"));
  await assert.rejects(writeUntilRefused(writer), /error 78/);
});

testBoth("hears that they want no more", {}, async ({ ours, theirs }) => {
  const writer = (await ours.createUnidirectionalStream()).getWriter();
  await writer.write(new Uint8Array(10));
  const reader = (await acceptOneWay(theirs)).getReader();
  assert.equal((await reader.read()).value!.length, 10);
  await reader.cancel("they have no way to name a code");
  await assert.rejects(writeUntilRefused(writer), { name: "StreamError", code: 0 });
});

async function writeUntilRefused(writer: WritableStreamDefaultWriter<Uint8Array>): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await writer.write(new Uint8Array(10));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
