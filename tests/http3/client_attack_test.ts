import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { frame, frameHeader, varints } from "../../src/http3/wire/frame.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, headersFrame, type Lines, RawPeer, within } from "./raw_peer.ts";

interface Attack {
  readonly client: H3Client;
  readonly peer: RawPeer;
}

/** A server that answers every request with these bytes. */
function answering(...parts: Uint8Array[]): Attack {
  const [transport, server] = MemoryTransport.pair();
  const peer = new RawPeer(server);
  const serve = async () => {
    for await (const { writable } of server.incomingBidirectionalStreams) {
      const writer = writable.getWriter();
      writer.closed.catch(() => {});
      for (const part of parts) writer.write(part).catch(() => {});
      writer.close().catch(() => {});
    }
  };
  serve().catch(() => {});
  return { client: new H3Client(transport), peer };
}

const url = "https://localhost/";
const ok: Lines = [[":status", "200"]];

function get(client: H3Client, method = "GET"): Promise<Response> {
  return within(client.fetch(new Request(url, { method })));
}

const malformed: readonly [what: string, lines: Lines][] = [
  ["no status", [["a", "b"]]],
  ["two statuses", [...ok, ...ok]],
  ["a status that is no number", [[":status", "abc"]]],
  ["a status of four digits", [[":status", "2000"]]],
  ["status 600", [[":status", "600"]]],
  ["status 101", [[":status", "101"]]],
  ["a request's pseudo-header", [...ok, [":path", "/"]]],
  ["a pseudo-header after a field", [["a", "b"], ...ok]],
  ["an upper-case name", [...ok, ["A", "b"]]],
  ["a line break in a value", [...ok, ["a", "b\r\nc: d"]]],
  ["transfer-encoding", [...ok, ["transfer-encoding", "chunked"]]],
  ["two content-lengths", [...ok, ["content-length", "1"], ["content-length", "2"]]],
];

Deno.test("H3Client.fetch() rejects malformed responses and goes on", async () => {
  for (const [what, lines] of malformed) {
    const { client } = answering(headersFrame(lines));
    await assert.rejects(get(client), { name: "StreamError", code: 0x10e }, what);
    assert.equal(client.isAccepting, true, what);
  }
});

Deno.test("H3Client.fetch() rejects a stream that ends without a response", async () => {
  await assert.rejects(get(answering().client), { code: 0x10e });
  const { client } = answering(headersFrame([[":status", "103"]]));
  await assert.rejects(get(client), { code: 0x10e });
});

Deno.test("H3Client.fetch() rejects interim responses without end", async () => {
  const { client } = answering(...Array(100).fill(headersFrame([[":status", "103"]])));
  await assert.rejects(get(client), { code: 0x107 });
});

Deno.test("H3Client.fetch() holds content to its announced length", async () => {
  for (const data of ["", "ab", "abcd"]) {
    const { client } = answering(headersFrame([...ok, ["content-length", "3"]]), dataFrame(data));
    const response = await get(client);
    await assert.rejects(response.text(), { code: 0x10e }, data);
  }
});

Deno.test("H3Client.fetch() reports resets with their codes", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  const waiting = get(client);
  const { value } = await server.incomingBidirectionalStreams.getReader().read();
  const writer = value!.writable.getWriter();
  await writer.write(headersFrame(ok));
  const response = await waiting;
  await writer.abort(new StreamError(0x42, "no more"));
  await assert.rejects(response.text(), { name: "StreamError", code: 0x42 });
});

const connectionErrors: readonly [what: string, code: number, ...answer: Uint8Array[]][] = [
  ["DATA before HEADERS", 0x105, dataFrame("x")],
  ["SETTINGS on a request", 0x105, frame(0x04, varints())],
  ["PUSH_PROMISE", 0x108, frame(0x05, varints(0))],
  ["HEADERS cut off", 0x106, frameHeader(0x01, 100)],
  ["static index 99", 0x200, frame(0x01, new Uint8Array([0, 0, 0xff, 0x24]))],
  ["DATA interim", 0x105, headersFrame([[":status", "103"]]), dataFrame("x")],
];

Deno.test("H3Client closes the connection for responses that break the rules", async () => {
  for (const [what, code, ...parts] of connectionErrors) {
    const { client, peer } = answering(...parts);
    await assert.rejects(get(client), what);
    assert.equal(await peer.closeCode(), code, what);
    assert.equal(client.isAccepting, false);
  }
});

Deno.test("H3Client closes the connection for what servers must not send", async () => {
  const settings = frame(0x04, varints());
  const cases: readonly [what: string, code: number, type: number, ...parts: Uint8Array[]][] = [
    ["a push stream", 0x108, 0x01, varints(0)],
    ["MAX_PUSH_ID", 0x105, 0x00, settings, frame(0x0d, varints(0))],
    ["PRIORITY_UPDATE", 0x105, 0x00, settings, frame(0xf0700, varints(0))],
    ["GOAWAY of no request", 0x108, 0x00, settings, frame(0x07, varints(1))],
    ["CANCEL_PUSH", 0x108, 0x00, settings, frame(0x03, varints(0))],
  ];
  for (const [what, code, type, ...parts] of cases) {
    const { peer } = answering();
    await peer.open(type, ...parts);
    assert.equal(await peer.closeCode(), code, what);
  }
  const { peer } = answering();
  await peer.transport.createBidirectionalStream();
  assert.equal(await peer.closeCode(), 0x103, "a request from the server");
});

Deno.test("H3Client rejects what a GOAWAY excludes and finishes the rest", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  const first = client.fetch(new Request(url));
  const second = client.fetch(new Request(url));
  const streams = server.incomingBidirectionalStreams.getReader();
  const { value } = await streams.read();
  const { value: other } = await streams.read();
  await new RawPeer(server).settings(frame(0x07, varints(4)));
  await assert.rejects(within(second), { name: "StreamError", code: 0x10b });
  const stopped = other!.writable.getWriter().closed;
  await assert.rejects(within(stopped), { name: "StreamError", code: 0x10c });
  assert.equal(client.isAccepting, false);
  const writer = value!.writable.getWriter();
  writer.write(headersFrame(ok));
  await writer.close();
  assert.equal((await within(first)).status, 200);
});

Deno.test("H3Client.fetch() refuses to send fields beyond the peer's limit", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  await new RawPeer(server).open(0x00, frame(0x04, varints(6, 300)));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const headers = { a: "x".repeat(300) };
  await assert.rejects(within(client.fetch(new Request(url, { headers }))), TypeError);
});

Deno.test("H3Client.fetch() does not send on a stream that came after a GOAWAY", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  const gate = Promise.withResolvers<void>();
  const create = transport.createBidirectionalStream;
  transport.createBidirectionalStream = async function () {
    await gate.promise;
    return await create.call(transport);
  };
  const waiting = client.fetch(new Request(url));
  waiting.catch(() => {});
  await new RawPeer(server).settings(frame(0x07, varints(0)));
  await new Promise((resolve) => setTimeout(resolve, 5));
  gate.resolve();
  await assert.rejects(within(waiting), { name: "StreamError", code: 0x10b });
  const { value } = await server.incomingBidirectionalStreams.getReader().read();
  // RFC 9114, Section 4.1.1: clients do not reject requests, they cancel them.
  await assert.rejects(within(value!.readable.getReader().read()), { code: 0x10c });
});

Deno.test("H3Client.fetch() takes a response that is reset behind all its content", async () => {
  const head = headersFrame([...ok, ["content-length", "5"]]);
  const cases: readonly [parts: Uint8Array[], expected: string | number][] = [
    [[head, dataFrame("hello")], "hello"],
    [[head, dataFrame("hell")], 0x105],
    [[head, frameHeader(0, 5), new Uint8Array(4)], 0x105],
    [[headersFrame(ok), dataFrame("hello")], 0x105],
  ];
  for (const [parts, expected] of cases) {
    const [transport, server] = MemoryTransport.pair();
    const gate = Promise.withResolvers<void>();
    const serve = async () => {
      for await (const { writable } of server.incomingBidirectionalStreams) {
        const writer = writable.getWriter();
        writer.closed.catch(() => {});
        for (const part of parts) await writer.write(part);
        await gate.promise;
        await writer.abort(new StreamError(0x105, "enough"));
      }
    };
    serve().catch(() => {});
    const response = await get(new H3Client(transport));
    const reader = response.body!.getReader();
    let text = new TextDecoder().decode((await within(reader.read())).value);
    gate.resolve();
    const end = await within(reader.read()).then(({ value, done }) => {
      text += new TextDecoder().decode(value);
      return done ? text : "more";
    }, (error) => error.code);
    assert.equal(end, expected, String(expected));
  }
});
