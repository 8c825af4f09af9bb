import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { OutgoingStream } from "../../src/http3/message/outgoing_stream.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3SendStream, H3Transport } from "../../src/http3/transport.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { QpackEncoder } from "../../src/qpack/encoder.ts";
import { getLines, headersFrame, type Lines, RawPeer, within } from "./raw_peer.ts";

const url = "https://localhost/";

function moment(milliseconds = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Sends requests whose fields are in the dynamic table. RFC 9204, Section 4.4.1: each needs a word
 * on the decoder stream.
 */
async function requestByTable(peer: RawPeer): Promise<number> {
  // The capacity of the table is 4,096 bytes, and its first entry is "a: 1".
  await peer.open(0x02, Uint8Array.of(0x3f, 0xe1, 0x1f, 0x41, 0x61, 0x01, 0x31));
  const { transport } = peer;
  const fixed = new QpackEncoder({ tableCapacity: 0 })
    .encode(0, getLines.map(([name, value]) => ({ name, value })));
  // One insertion is required; the fields of the static table; the newest entry of the dynamic one.
  const section = concatBytes(Uint8Array.of(0x02, 0x00), fixed.subarray(2), Uint8Array.of(0x80));
  let count = 0;
  const some = async () => {
    while (!transport.closeInfo && count < 20_000) {
      const { kind } = await peer.request(frame(0x01, section));
      if (kind === "response") count++;
    }
  };
  await Promise.all(Array.from({ length: 64 }, () => some().catch(() => {})));
  return count;
}

Deno.test("H3Server holds little for a client that takes nothing of its critical streams [attack stuck-critical-streams]", async () => {
  const never = new Promise<never>(() => {});
  const ways: (() => Promise<H3SendStream>)[] = [
    () => never, // no such stream may be opened
    () => { // no credit
      const stream = new WritableStream({ write: () => never });
      return Promise.resolve(Object.assign(stream, { id: 3n }));
    },
  ];
  await Promise.all(ways.map(async (way) => {
    // The word for a stream is long when its ID is.
    const [transport, server] = MemoryTransport.pair(2 ** 50);
    server.createUnidirectionalStream = way;
    serveConnection(server, () => new Response());
    const peer = new RawPeer(transport);
    await peer.settings();
    const count = await requestByTable(peer);
    assert.equal(await peer.closeCode(), 0x107, `after ${count} requests`);
    assert.ok(count > 1_000, `${count}`);
  }));
});

Deno.test("OutgoingStream writes everything in order, and in as few pieces as it can", async () => {
  const pieces: Uint8Array[] = [];
  let release = () => {};
  const stream = new WritableStream<Uint8Array>({
    async write(chunk) {
      pieces.push(chunk);
      await new Promise<void>((resolve) => release = resolve);
    },
  });
  const transport = {
    createUnidirectionalStream: () => Promise.resolve(Object.assign(stream, { id: 2n })),
  } as unknown as H3Transport;
  const outgoing = new OutgoingStream(transport, 0x21, 1000, () => assert.fail());
  for (let i = 0; i < 100; i++) outgoing.send(new Uint8Array([i]));
  await moment();
  for (let i = 100; i < 200; i++) outgoing.send(new Uint8Array([i]));
  release();
  await moment();
  release();
  const last = outgoing.send(new Uint8Array([200]));
  await moment();
  release();
  await within(last);
  const expected = [0x21, ...Array.from({ length: 201 }, (_, i) => i)];
  assert.deepEqual([...concatBytes(...pieces)], expected);
  assert.ok(pieces.length <= 4, `${pieces.length}`);
});

Deno.test("A connection is spoken on by one client or server at a time", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("fine"));
  const client = new H3Client(transport);
  assert.throws(() => new H3Client(transport), TypeError);
  assert.throws(() => serveConnection(server, () => new Response()), TypeError);
  const fetch = createFetch(() => Promise.reject(new Error("not needed")));
  await assert.rejects(fetch(url, { connection: transport }), TypeError);
  assert.equal(await (await within(client.fetch(new Request(url)))).text(), "fine");
  const [other] = MemoryTransport.pair();
  other.incomingUnidirectionalStreams.getReader();
  assert.throws(() => new H3Client(other), TypeError);
});

Deno.test("fetch() takes datagrams over a connection that it was given", async () => {
  const [transport, server] = MemoryTransport.pair();
  const datagrams = Promise.withResolvers<unknown>();
  serveConnection(server, (_, info) => {
    info.datagrams!.read().then(datagrams.resolve);
    return new Response(new ReadableStream());
  }, { datagrams: true });
  const { responseDatagrams } = await import("../../src/http3/client/client_exchange.ts");
  const fetch = createFetch(() => Promise.reject(new Error("not needed")));
  const response = await within(fetch(url, { connection: transport, datagrams: true }));
  await responseDatagrams(response)!.send(new Uint8Array([7]));
  assert.deepEqual(await within(datagrams.promise), new Uint8Array([7]));
});

Deno.test("H3Server lets PRIORITY_UPDATE win over fields that come later", async () => {
  const [transport, server] = MemoryTransport.pair();
  const opened = Promise.withResolvers<H3SendStream>();
  server.onIncoming = ({ writable }) => opened.resolve(writable);
  serveConnection(server, () => new Response(new ReadableStream()));
  const peer = new RawPeer(transport);
  const control = await peer.settings();
  const { writable } = await transport.createBidirectionalStream();
  const writer = writable.getWriter();
  const lines: Lines = [...getLines, ["priority", "u=5"]];
  const fields = headersFrame(lines);
  await writer.write(fields.subarray(0, 4)); // the stream is there, its fields are not
  await moment();
  const update = concatBytes(varints(0), new TextEncoder().encode("u=1"));
  await control.write(frame(0xf0700, update));
  await moment();
  await writer.write(fields.subarray(4));
  await moment();
  assert.equal((await opened.promise).urgency, 1);
});

Deno.test("H3Server hears what follows a PRIORITY_UPDATE for a stream that has ended", async () => {
  // Streams of the runtime's own QUIC throw then.
  const [transport, server] = MemoryTransport.pair();
  let hasEnded = false;
  server.onIncoming = ({ writable }) => {
    Object.defineProperty(writable, "urgency", {
      set() {
        if (hasEnded) throw new Deno.errors.BadResource("Bad resource ID");
      },
    });
  };
  serveConnection(server, () => new Response(new ReadableStream()));
  const peer = new RawPeer(transport);
  const control = await peer.settings();
  peer.request(headersFrame([...getLines, ["priority", "u=5"]])).catch(() => {});
  await moment();
  hasEnded = true;
  await control.write(frame(0xf0700, concatBytes(varints(0), new TextEncoder().encode("u=1"))));
  await control.write(frame(0x07, varints(4)));
  await control.write(frame(0x07, varints(8))); // which is more than before
  assert.equal(await peer.closeCode(), 0x108);
});
