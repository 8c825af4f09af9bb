import assert from "node:assert/strict";
import { concatBytes, fromHex } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { frame, frameHeader, varints } from "../../src/http3/wire/frame.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
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

function attack(options: H3ServerOptions = {}): RawPeer {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, async (request) => new Response(await request.text()), options);
  return new RawPeer(client);
}

const none = new Uint8Array(0);
const get = headersFrame(getLines);
const post = headersFrame([[":method", "POST"], ...getLines.slice(1)]);

function withField(...fields: Lines): Lines {
  return [...getLines, ...fields];
}

function without(name: string): Lines {
  return getLines.filter(([other]) => other !== name);
}

// What h3spec checks, and the frames beside them; the peer's request closes the connection.
const connectionErrors: readonly [what: string, code: number, ...request: Uint8Array[]][] = [
  ["DATA before HEADERS", 0x105, dataFrame("x"), get],
  ["CANCEL_PUSH on a request", 0x105, frame(0x03, varints(0))],
  ["SETTINGS on a request", 0x105, frame(0x04, none)],
  ["GOAWAY on a request", 0x105, frame(0x07, varints(0))],
  ["MAX_PUSH_ID on a request", 0x105, frame(0x0d, varints(0))],
  ["PUSH_PROMISE from a client", 0x105, frame(0x05, varints(0))],
  ["PRIORITY_UPDATE on a request", 0x105, frame(0xf0700, varints(0))],
  ["PRIORITY of HTTP/2", 0x105, frame(0x02, none)],
  ["PING of HTTP/2", 0x105, frame(0x06, none)],
  ["WINDOW_UPDATE of HTTP/2", 0x105, post, frame(0x08, none)],
  ["CONTINUATION of HTTP/2", 0x105, post, frame(0x09, none)],
  ["HEADERS after trailers", 0x105, post, headersFrame([["a", "b"]]), headersFrame([["a", "b"]])],
  ["DATA after trailers", 0x105, post, headersFrame([["a", "b"]]), dataFrame("x")],
  ["a frame cut off by the end", 0x106, frameHeader(0x01, 100), none],
  ["DATA cut off by the end", 0x106, post, frameHeader(0x00, 100), fromHex("61")],
  ["a frame header cut off by the end", 0x106, fromHex("0140")],
  ["static index 99", 0x200, frame(0x01, fromHex("0000ff24"))],
  ["a reference into an empty dynamic table", 0x200, frame(0x01, fromHex("000080"))],
  ["an empty field section", 0x200, frame(0x01, none)],
];

Deno.test("H3Server closes the connection for request streams that break the rules", async () => {
  for (const [what, code, ...parts] of connectionErrors) {
    const peer = attack();
    await peer.settings();
    peer.request(...parts).catch(() => {});
    assert.equal(await peer.closeCode(), code, what);
  }
});

// RFC 9114, Sections 4.1.2 to 4.3: what a request must not say.
const malformed: readonly [what: string, lines: Lines][] = [
  [":method twice", [[":method", "GET"], ...getLines]],
  [":authority absent", without(":authority")],
  ["an unknown pseudo-header", [...getLines, [":foo", "bar"]]],
  [":status in a request", [...getLines, [":status", "200"]]],
  [":protocol without permission", [...getLines, [":protocol", "websocket"]]],
  ["a pseudo-header after a field", [["a", "b"], ...getLines]],
  [":method absent", without(":method")],
  [":scheme absent", without(":scheme")],
  [":path absent", without(":path")],
  ["an empty :path", [...without(":path"), [":path", ""]]],
  ["a relative :path", [...without(":path"), [":path", "a"]]],
  ["a :path with a line break", [...without(":path"), [":path", "/ HTTP/1.1\r\nx: y"]]],
  ["a :path with a space", [...without(":path"), [":path", "/ HTTP/1.1"]]],
  ["a :path with a fragment", [...without(":path"), [":path", "/#a"]]],
  ["a :method with a space", [...without(":method"), [":method", "GET / HTTP/1.1"]]],
  ["an :authority with user information", [...without(":authority"), [":authority", "a@b"]]],
  ["an :authority with a path", [...without(":authority"), [":authority", "a/b"]]],
  ["an empty :authority", [...without(":authority"), [":authority", ""]]],
  ["a Host other than :authority", withField(["host", "other"])],
  ["an upper-case name", withField(["Accept", "a"])],
  ["an empty name", withField(["", "a"])],
  ["a space in a name", withField(["a b", "a"])],
  ["a colon in a name", withField(["a:b", "a"])],
  ["CR in a value", withField(["a", "b\rc"])],
  ["LF in a value", withField(["a", "b\nc: d"])],
  ["NUL in a value", withField(["a", "b\0c"])],
  ["BEL in a value", withField(["a", "b\x07c"])],
  ["DEL in a value", withField(["a", "b\x7fc"])],
  ["connection", withField(["connection", "close"])],
  ["keep-alive", withField(["keep-alive", "1"])],
  ["proxy-connection", withField(["proxy-connection", "close"])],
  ["transfer-encoding", withField(["transfer-encoding", "chunked"])],
  ["upgrade", withField(["upgrade", "h2c"])],
  ["te other than trailers", withField(["te", "gzip"])],
  ["content-length that is no number", withField(["content-length", "0x1"])],
  ["content-length with a sign", withField(["content-length", "+1"])],
  ["two content-lengths", withField(["content-length", "0"], ["content-length", "1"])],
  ["content-length without content", withField(["content-length", "5"])],
  ["CONNECT with a path", [[":method", "CONNECT"], ...getLines.slice(1)]],
];

Deno.test("H3Server resets malformed requests and goes on [attack smuggling]", async () => {
  const peer = attack();
  await peer.settings();
  for (const [what, lines] of malformed) {
    const result = await within(peer.request(headersFrame(lines)));
    assert.deepEqual(result, { kind: "reset", code: 0x10e }, what);
  }
  assert.equal((await peer.request(get)).kind, "response", "the connection still works");
});

Deno.test("H3Server holds content to its announced length [attack smuggling]", async () => {
  const peer = attack();
  await peer.settings();
  const announced = headersFrame([[":method", "POST"], ...getLines.slice(1), [
    "content-length",
    "3",
  ]]);
  for (const data of ["", "ab", "abcd"]) {
    const result = await within(peer.request(announced, dataFrame(data)));
    // The handler saw its body fail; the stream is reset whatever it answers.
    assert.deepEqual(result, { kind: "reset", code: 0x10e }, data);
  }
  const parts = [dataFrame("a"), dataFrame(""), dataFrame("bc")];
  assert.equal((await peer.request(announced, ...parts)).kind, "response");
});

Deno.test("H3Server resets a request without a header section", async () => {
  const peer = attack();
  assert.deepEqual(await within(peer.request()), { kind: "reset", code: 0x10d });
});

Deno.test("H3Server refuses CONNECT and TRACE with 501", async () => {
  const peer = attack();
  const connect = await peer.request(headersFrame([[":method", "CONNECT"], [":authority", "a:1"]]));
  assert.equal(connect.kind === "response" && connect.status, "501");
  const trace = await peer.request(headersFrame([[":method", "TRACE"], ...getLines.slice(1)]));
  assert.equal(trace.kind === "response" && trace.status, "501");
});

Deno.test("H3Server answers 431 to header sections beyond its limit", async () => {
  const peer = attack({ maxFieldSectionSize: 1000 });
  for (const value of ["x".repeat(1000), "x".repeat(100_000)]) {
    const result = await within(peer.request(headersFrame([...getLines, ["a", value]])));
    assert.equal(result.kind === "response" && result.status, "431");
  }
});

Deno.test("H3Server enforces the limit for trailers too", async () => {
  const peer = attack({ maxFieldSectionSize: 1000 });
  const result = await within(peer.request(post, headersFrame([["a", "x".repeat(1000)]])));
  assert.deepEqual(result, { kind: "reset", code: 0x107 });
});

const control = {
  goAway: (id: number) => frame(0x07, varints(id)),
  maxPushId: (id: number) => frame(0x0d, varints(id)),
  settings: (...values: number[]) => frame(0x04, varints(...values)),
};

const controlErrors: readonly [what: string, code: number, ...frames: Uint8Array[]][] = [
  ["MAX_PUSH_ID first", 0x10a, control.maxPushId(1)],
  ["a reserved frame first", 0x10a, frame(0x21, none)],
  ["DATA", 0x105, control.settings(), dataFrame("x")],
  ["HEADERS", 0x105, control.settings(), get],
  ["PUSH_PROMISE", 0x105, control.settings(), frame(0x05, varints(0))],
  ["SETTINGS twice", 0x105, control.settings(), control.settings()],
  ["a frame of HTTP/2", 0x105, control.settings(), frame(0x08, none)],
  ["setting 2 of HTTP/2", 0x109, control.settings(2, 1)],
  ["setting 3 of HTTP/2", 0x109, control.settings(3, 1)],
  ["setting 4 of HTTP/2", 0x109, control.settings(4, 1)],
  ["setting 5 of HTTP/2", 0x109, control.settings(5, 1)],
  ["setting 0", 0x109, control.settings(0, 1)],
  ["a setting twice", 0x109, control.settings(6, 1, 6, 1)],
  ["an unknown setting twice", 0x109, control.settings(0x4242, 1, 0x4242, 1)],
  ["H3_DATAGRAM 2", 0x109, control.settings(0x33, 2)],
  ["settings cut off", 0x106, frame(0x04, fromHex("0640"))],
  ["settings of 4 kB and more", 0x107, frame(0x04, new Uint8Array(4097))],
  ["CANCEL_PUSH of no promise", 0x108, control.settings(), frame(0x03, varints(0))],
  ["MAX_PUSH_ID going down", 0x108, control.settings(), control.maxPushId(5), control.maxPushId(4)],
  ["GOAWAY going up", 0x108, control.settings(), control.goAway(4), control.goAway(8)],
  ["GOAWAY with more than a number", 0x106, control.settings(), frame(0x07, fromHex("0000"))],
  ["GOAWAY without a number", 0x106, control.settings(), frame(0x07, none)],
  ["a long GOAWAY", 0x106, control.settings(), frame(0x07, new Uint8Array(9))],
  ["PRIORITY_UPDATE of a push", 0x108, control.settings(), frame(0xf0701, varints(0))],
  ["PRIORITY_UPDATE of no request", 0x108, control.settings(), frame(0xf0700, varints(1))],
];

Deno.test("H3Server closes the connection for control streams that break the rules", async () => {
  for (const [what, code, ...frames] of controlErrors) {
    const peer = attack();
    await peer.open(0x00, ...frames);
    assert.equal(await peer.closeCode(), code, what);
  }
});

Deno.test("H3Server closes the connection when a critical stream ends or is reset", async () => {
  for (const type of [0x00, 0x02, 0x03]) {
    for (const end of ["close", "abort"] as const) {
      const peer = attack();
      const writer = type === 0 ? await peer.settings() : await peer.open(type);
      if (end === "close") await writer.close();
      else await writer.abort(new StreamError(0x100, "gone"));
      assert.equal(await peer.closeCode(), 0x104, `${type} ${end}`);
    }
  }
});

Deno.test("H3Server closes the connection when its own critical stream is refused", async () => {
  const peer = attack();
  const streams = peer.transport.incomingUnidirectionalStreams.getReader();
  await (await streams.read()).value!.cancel(new StreamError(0x103, "no"));
  assert.equal(await peer.closeCode(), 0x104);
});

Deno.test("H3Server accepts one critical stream of each kind [attack http3-frames]", async () => {
  for (const type of [0x00, 0x02, 0x03]) {
    const peer = attack();
    await peer.open(type, ...(type === 0 ? [control.settings()] : []));
    await peer.open(type, ...(type === 0 ? [control.settings()] : []));
    assert.equal(await peer.closeCode(), 0x103, String(type));
  }
});

Deno.test("H3Server refuses push streams", async () => {
  const peer = attack();
  await peer.open(0x01, varints(0));
  assert.equal(await peer.closeCode(), 0x103);
});

Deno.test("H3Server closes the connection for broken QPACK instructions", async () => {
  const cases: readonly [what: string, type: number, hex: string, code: number][] = [
    ["a capacity of 10 000 000 000", 0x02, "3fe1c7afa025", 0x201],
    ["a name of 2 GiB", 0x02, "3fe11f5fe1ffffff07", 0x201],
    ["an insert count increment of 0", 0x03, "00", 0x202],
    ["an acknowledgment of nothing", 0x03, "84", 0x202],
  ];
  for (const [what, type, hex, code] of cases) {
    const peer = attack();
    await peer.open(type, fromHex(hex));
    assert.equal(await peer.closeCode(), code, what);
  }
});

Deno.test("H3Server turns unknown streams away without closing", async () => {
  const peer = attack();
  const writer = await peer.open(0x21, new Uint8Array(10));
  await assert.rejects(within(writer.closed), { name: "StreamError", code: 0x103 });
  const large = await peer.open(2 ** 50, new Uint8Array(10));
  await assert.rejects(within(large.closed), { name: "StreamError", code: 0x103 });
  assert.equal((await peer.request(get)).kind, "response");
});

Deno.test("H3Server passes over reserved frames, however they are cut and however large", async () => {
  const peer = attack();
  await peer.settings(frame(0x21, new Uint8Array(100_000)));
  const reserved = frame(0x1f * 1000 + 0x21, new Uint8Array(5));
  const largeType = concatBytes(fromHex("ffffffffffffffff"), varints(3), new Uint8Array(3));
  const parts = [reserved, largeType, post, reserved, dataFrame("x"), largeType];
  assert.equal((await peer.request(...parts)).kind, "response");
  const bytes = concatBytes(...parts);
  const single = Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
  assert.equal((await peer.request(...single)).kind, "response");
});

Deno.test("H3Server passes over a reserved frame of 2^40 bytes without keeping it [attack http3-frames]", async () => {
  const peer = attack({ headerTimeout: 60_000 });
  const stream = await peer.transport.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  await writer.write(frameHeader(0x21, 2 ** 40));
  const chunk = new Uint8Array(1 << 20);
  const before = Deno.memoryUsage().external;
  // Far more than the collector lets lie around on a busy machine.
  for (let i = 0; i < 640; i++) await writer.write(chunk.slice());
  const grown = Deno.memoryUsage().external - before;
  assert.ok(grown < 400 << 20, `${grown} bytes more`);
  await writer.abort(new StreamError(0x10c, "enough"));
});

Deno.test("H3Server gives up on requests whose fields do not come [attack slow-request]", async () => {
  const peer = attack({ headerTimeout: 20 });
  const stream = await peer.transport.createBidirectionalStream();
  await stream.writable.getWriter().write(fromHex("01"));
  assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: 0x10d });
});

Deno.test("H3Server closes the connection when requests are cancelled in masses [attack rapid-reset-requests]", async () => {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, () => new Promise<Response>(() => {}), { maxConcurrentHandlers: 1000 });
  const peer = new RawPeer(client);
  const error = new StreamError(0x10c, "cancelled");
  for (let i = 0; i < 500 && !client.closeInfo; i++) {
    const stream = await client.createBidirectionalStream().catch(() => undefined);
    if (!stream) break;
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    await writer.write(get).catch(() => {});
    stream.readable.cancel(error).catch(() => {});
    writer.abort(error).catch(() => {});
  }
  assert.equal(await peer.closeCode(), 0x107);
});

Deno.test("H3Server closes the connection when streams are opened and reset in masses [attack rapid-reset-requests]", async () => {
  const peer = attack({ maxFailuresPerSecond: 20 }); // a busy machine does not do many turns
  const error = new StreamError(0x10c, "reset");
  for (let i = 0; i < 500 && !peer.transport.closeInfo; i++) {
    const stream = await peer.transport.createBidirectionalStream().catch(() => undefined);
    stream?.writable.abort(error).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(await peer.closeCode(), 0x107);
});

// A section that needs one insertion, which never comes.
const blocked = frame(0x01, fromHex("020080"));

Deno.test("H3Server lets only so many streams wait for the encoder stream", async () => {
  const peer = attack();
  for (let i = 0; i < 16; i++) peer.request(blocked).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(peer.transport.closeInfo, undefined);
  peer.request(blocked).catch(() => {});
  assert.equal(await peer.closeCode(), 0x200);
});

Deno.test("H3Server holds only so many bytes of fields that wait for the encoder stream [attack qpack-blocked-memory]", async () => {
  const peer = attack({ qpackBlockedBytes: 10_000 });
  const large = frame(0x01, concatBytes(fromHex("020080"), new Uint8Array(4_000)));
  for (let i = 0; i < 2; i++) peer.request(large).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 10));
  const third = await within(peer.request(large));
  assert.equal(third.kind === "response" && third.status, "431");
  assert.equal(peer.transport.closeInfo, undefined);
});

Deno.test("H3Server gives up on fields that wait for the encoder stream, and frees their place", async () => {
  const peer = attack({ headerTimeout: 20 });
  for (let round = 0; round < 3; round++) {
    const waiting = Array.from({ length: 16 }, () => within(peer.request(blocked)));
    for (const result of await Promise.all(waiting)) {
      assert.deepEqual(result, { kind: "reset", code: 0x10d });
    }
  }
  const insert = await peer.open(0x02, fromHex("3fe11f"));
  // GET https://localhost/ with the authority in the dynamic table.
  const late = peer.request(frame(0x01, fromHex("0200d1d780c1")));
  await insert.write(fromHex("c086a0e41d139d09"));
  assert.equal((await within(late)).kind, "response", "fields that do come are decoded");
});

Deno.test("H3Server resets a request as soon as it announces more content than it said", async () => {
  const peer = attack();
  const stream = await peer.transport.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(headersFrame([[":method", "POST"], ...getLines.slice(1), [
    "content-length",
    "3",
  ]]));
  await writer.write(frameHeader(0x00, 4));
  assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: 0x10e });
});

Deno.test("H3Server refuses requests that come after it said it goes away", async () => {
  const [client, server] = MemoryTransport.pair();
  const gate = Promise.withResolvers<Response>();
  const h3 = serveConnection(server, () => gate.promise);
  const peer = new RawPeer(client);
  const taken = peer.request(get);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const down = h3.shutdown();
  assert.deepEqual(await within(peer.request(get)), { kind: "reset", code: 0x10b });
  gate.resolve(new Response());
  assert.equal((await within(taken)).kind, "response");
  await within(down);
});
