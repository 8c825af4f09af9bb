import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import type { H3Connection } from "../../src/http3/message/h3_connection.ts";
import { MessageReader } from "../../src/http3/message/message_reader.ts";
import { FrameReader } from "../../src/http3/wire/frame_reader.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import { QpackDecoder } from "../../src/qpack/decoder.ts";
import { MemoryTransport } from "./memory_transport.ts";
import {
  dataFrame,
  getLines,
  headersFrame,
  type Lines,
  outcome,
  RawPeer,
  within,
} from "./raw_peer.ts";

const url = "https://localhost/";
const postLines: Lines = [[":method", "POST"], ...getLines.slice(1)];

function moment(milliseconds = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function attack(handler: RequestHandler, options?: H3ServerOptions): Promise<RawPeer> {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, handler, options);
  const peer = new RawPeer(client);
  await peer.settings();
  return peer;
}

Deno.test("H3Server gives up on content of a GET that is announced and does not come [attack slow-content-of-get]", async () => {
  const peer = await attack(() => new Response(), { bodyTimeout: 30 });
  const stream = await peer.transport.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(headersFrame([...getLines, ["content-length", "5"]]));
  assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: 0x10d });
  assert.equal((await within(peer.request(headersFrame(getLines)))).kind, "response");
});

Deno.test("H3Server hands a length that is announced twice on as one number", async () => {
  const lengths: (string | null)[] = [];
  const peer = await attack(async (request) => {
    lengths.push(request.headers.get("content-length"));
    return new Response(await request.text());
  });
  for (const twice of [["3", "3"], ["3, 3"]]) {
    const fields = twice.map((length) => ["content-length", length] as const);
    const parts = [headersFrame([...postLines, ...fields]), dataFrame("abc")];
    assert.equal((await within(peer.request(...parts))).kind, "response");
  }
  assert.deepEqual(lengths, ["3", "3"], "else each handler would have to read lists");
});

/** The statuses that come back on a stream. */
async function statuses(readable: ReadableStream<Uint8Array>): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  const bytes = concatBytes(...chunks);
  const found: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const [type, length] = [bytes[at]!, bytes[at + 1]!];
    assert.ok(length < 64);
    const payload = bytes.subarray(at + 2, at + 2 + length);
    if (type === 1) found.push((await new QpackDecoder().decode(0, payload))[0]!.value);
    at += 2 + length;
  }
  return found;
}

Deno.test("H3Server sends 100 when the handler begins to read, and not before", async () => {
  const begin = Promise.withResolvers<void>();
  const peer = await attack(async (request) => {
    await begin.promise;
    return new Response(await request.text());
  });
  const { readable, writable } = await peer.transport.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(headersFrame([...postLines, ["expect", "100-Continue"]]));
  const [one, all] = readable.tee();
  const first = one.getReader().read();
  let hasCome = false;
  first.then(() => hasCome = true);
  await moment(20);
  assert.equal(hasCome, false, "nobody has read");
  begin.resolve();
  await within(first);
  await writer.write(dataFrame("content"));
  await writer.close();
  assert.deepEqual(await within(statuses(all)), ["100", "200"]);
});

Deno.test("H3Server sends no 100 when the answer is known without the content", async () => {
  const peer = await attack(async (request) => {
    if (request.method === "PUT") await request.body!.cancel();
    return new Response(null, { status: 413 });
  });
  for (const method of ["POST", "PUT", "GET"]) {
    const { readable, writable } = await peer.transport.createBidirectionalStream();
    const writer = writable.getWriter();
    writer.closed.catch(() => {});
    const lines: Lines = [[":method", method], ...getLines.slice(1), ["expect", "100-continue"]];
    await writer.write(headersFrame(lines));
    assert.deepEqual(await within(statuses(readable)), ["413"], method);
  }
});

Deno.test("H3Server lets the reader of a tunnel read on when its other direction has ended", async () => {
  const received = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response(), {
    onConnect: (request) => {
      new Response(request.body).text().then(received.resolve, received.reject);
      return new Response("all that the server says");
    },
  });
  const client = new H3Client(transport);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await ended.promise;
      await moment(20);
      controller.enqueue(new TextEncoder().encode("late, but heard"));
      controller.close();
    },
  }, { highWaterMark: 0 });
  const response = await within(client.connect(url, "x", { body }));
  assert.equal(await within(response.text()), "all that the server says");
  ended.resolve();
  assert.equal(await within(received.promise), "late, but heard");
  await moment();
  assert.equal(client.active, 0);
});

Deno.test("H3Server ends a tunnel whose other direction is not read", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response(), { onConnect: () => new Response("no more") });
  const client = new H3Client(transport);
  const cancelled = Promise.withResolvers<unknown>();
  const body = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
  const response = await within(client.connect(url, "x", { body }));
  assert.equal(await within(response.text()), "no more");
  assert.equal((await within(cancelled.promise) as StreamError).code, 0x100);
});

Deno.test("MessageReader decodes nothing of a stream that was cancelled", async () => {
  // Whatever the moment, an acknowledgement must not follow the cancellation (RFC 9204, Section
  // 2.2.2.2): the peer has forgotten the stream, and would close the connection.
  let decoded = 0;
  const late: number[] = [];
  for (let turns = 0; turns < 20; turns++) {
    let isCancelled = false;
    const connection = {
      role: "server",
      maxFieldSectionSize: 1000,
      decode() {
        if (isCancelled) late.push(turns);
        decoded++;
        return [];
      },
      forget: () => isCancelled = true,
    } as unknown as H3Connection;
    const stream = new Response(headersFrame(getLines)).body!;
    const reader = new MessageReader(connection, 0, new FrameReader(stream));
    const reading = reader.headers().catch(() => {});
    for (let i = 0; i < turns; i++) await Promise.resolve();
    reader.cancel(new StreamError(0x10c, "not wanted"));
    await reading;
  }
  assert.deepEqual(late, []);
  assert.ok(decoded > 0 && decoded < 20, `${decoded}`);
});
