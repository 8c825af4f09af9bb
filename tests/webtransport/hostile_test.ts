import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3BidirectionalStream } from "../../src/http3/transport.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import type { Session } from "../../src/http3/webtransport/session.ts";
import { MemoryTransport } from "../http3/memory_transport.ts";
import { dataFrame, headersFrame, outcome, RawPeer, within } from "../http3/raw_peer.ts";
import { connectLines, RawClient, SETTINGS, write } from "./raw_client.ts";
import { bytes, first, heard, reasonOf } from "./session_pair.ts";

// What peers that break the rules of WebTransport get from a server of ours.

const ID_ERROR = 0x108;
const FRAME_ERROR = 0x106;
const MESSAGE_ERROR = 0x10e;
const REQUEST_REJECTED = 0x10b;
const BUFFERED_STREAM_REJECTED = 0x3994_bd84;
const SESSION_GONE = 0x170d_7b68;
const CLOSE = 0x2843;
const DRAIN = 0x78ae;

const beginnings: [what: string, header: Uint8Array, code: number][] = [
  ["names a stream of the server", varints(0x41, 1), ID_ERROR],
  ["names a stream of one direction", varints(0x41, 2), ID_ERROR],
  ["ends in its header", new Uint8Array([0x40, 0x41, 0x40]), FRAME_ERROR],
];
for (const [what, header, code] of beginnings) {
  Deno.test(`a stream both ways that ${what} closes the connection [attack session-headers]`, async () => {
    const client = await new RawClient().begin();
    await (await client.both(header)).writable.close();
    assert.equal(await client.closeCode(), code);
  });
}

Deno.test("a stream of one direction that names no request closes the connection [attack session-headers]", async () => {
  for (const id of [1, 2, 3, 2 ** 30 + 1]) {
    const client = await new RawClient().begin();
    await client.open(0x54, varints(id));
    assert.equal(await client.closeCode(), ID_ERROR, `${id}`);
  }
});

Deno.test("a stream of one direction that is cut off in its header closes the connection", async () => {
  const client = await new RawClient().begin();
  await (await client.open(0x54, new Uint8Array([0x40]))).close();
  assert.equal(await client.closeCode(), FRAME_ERROR);
  const other = await new RawClient().begin();
  await (await other.open(0x54)).close(); // no header at all, as if it had been reset
  const [, session] = await other.session();
  assert.equal(session.protocol, "");
});

Deno.test("the signal of a session within other streams closes the connection [attack session-headers]", async () => {
  const inRequest = await new RawClient().begin();
  await inRequest.both(headersFrame(connectLines), varints(0x41, 0));
  assert.equal(await inRequest.closeCode(), FRAME_ERROR);
  const behindFrame = await new RawClient().begin();
  await behindFrame.both(frame(0x21, new Uint8Array(0)), varints(0x41, 0));
  assert.equal(await behindFrame.closeCode(), FRAME_ERROR);
  const onControl = new RawClient();
  await onControl.open(0x00, frame(0x04, SETTINGS), varints(0x41, 0));
  assert.equal(await onControl.closeCode(), FRAME_ERROR);
});

const capsules: [what: string, bytes: Uint8Array][] = [
  ["an end of three bytes", frame(CLOSE, new Uint8Array(3))],
  ["an end with a reason of 1,025 bytes", frame(CLOSE, new Uint8Array(1_029))],
  ["an end that announces 2^60 bytes", varints(CLOSE, 2 ** 60)],
  ["a reason that is no UTF-8", frame(CLOSE, new Uint8Array([0, 0, 0, 0, 0xff]))],
  ["more behind the end", concatBytes(frame(CLOSE, new Uint8Array(4)), new Uint8Array(1))],
  [
    "a capsule behind the end",
    concatBytes(frame(CLOSE, new Uint8Array(4)), frame(DRAIN, new Uint8Array(0))),
  ],
  ["a draining with content", frame(DRAIN, new Uint8Array(1))],
  ["credit for a stream", frame(0x190b_4d3e, varints(0, 5))],
  ["a lack of credit for a stream", frame(0x190b_4d42, varints(0, 5))],
];
for (const [what, capsule] of capsules) {
  Deno.test(`${what} on the stream of a session resets it [attack session-capsules]`, async () => {
    const client = await new RawClient().begin();
    const [stream, session] = await client.session();
    await write(stream, dataFrame(capsule));
    assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: MESSAGE_ERROR });
    await within(session.closed.catch(() => {}));
    assert.equal(client.transport.closeInfo, undefined, "the connection goes on");
  });
}

Deno.test("a capsule that is cut off resets the stream of the session", async () => {
  const client = await new RawClient().begin();
  const [stream, session] = await client.session();
  await write(stream, dataFrame(varints(CLOSE, 10)));
  await stream.writable.close();
  assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: MESSAGE_ERROR });
  await assert.rejects(() => session.closed);
});

Deno.test("capsules that mean nothing are passed over", async () => {
  const client = await new RawClient().begin();
  const [stream, session] = await client.session();
  const unknown = frame(0x21, new Uint8Array(100_000));
  const end = frame(CLOSE, concatBytes(new Uint8Array([0, 0, 0, 9]), bytes("bye")));
  await write(stream, dataFrame(unknown), dataFrame(end));
  await stream.writable.close();
  assert.deepEqual(await within(session.closed), { closeCode: 9, reason: "bye" });
});

Deno.test("why a session ends is learned from a client that stops our direction as well", async () => {
  const client = await new RawClient().begin();
  const [stream, session] = await client.session();
  await stream.readable.cancel(new StreamError(SESSION_GONE, "over"));
  const end = frame(CLOSE, concatBytes(new Uint8Array([0, 0, 0, 9]), bytes("bye")));
  await write(stream, dataFrame(end));
  await stream.writable.close();
  assert.deepEqual(await within(session.closed), { closeCode: 9, reason: "bye" });
});

Deno.test("a reset of the stream of a session breaks it, and resets its streams", async () => {
  const client = await new RawClient().begin();
  const [stream, session] = await client.session();
  const inner = await client.both(varints(0x41, 0), bytes("a"));
  const taken = await first(session.incomingBidirectionalStreams);
  await stream.writable.abort(new StreamError(0x10c, "cancelled"));
  await assert.rejects(() => session.closed);
  assert.deepEqual(await within(outcome(inner)), { kind: "reset", code: SESSION_GONE });
  assert.ok(await reasonOf(new Response(taken.readable).text()) instanceof Error);
});

Deno.test("streams for a session that is over are refused", async () => {
  const client = await new RawClient().begin();
  const [stream] = await client.session();
  await stream.writable.close();
  await within(outcome(stream));
  const late = await client.both(varints(0x41, 0), bytes("a"));
  assert.deepEqual(await within(outcome(late)), { kind: "reset", code: SESSION_GONE });
});

Deno.test("streams before their session wait, but not more than 16 of them [attack session-early]", async () => {
  const client = await new RawClient().begin();
  // The request that comes last has a number in between, as on a network that reorders.
  const request = await client.transport.createBidirectionalStream();
  const early: H3BidirectionalStream[] = [];
  for (let i = 0; i < 17; i++) early.push(await client.both(varints(0x41, 0), bytes(`${i}`)));
  assert.deepEqual(await within(outcome(early[16]!)), {
    kind: "reset",
    code: BUFFERED_STREAM_REJECTED,
  });
  for (const stream of early.slice(0, 16)) stream.writable.close();
  await write(request, headersFrame(connectLines));
  while (client.sessions.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const reader = client.sessions[0]!.incomingBidirectionalStreams.getReader();
  for (let i = 0; i < 16; i++) {
    const { value } = await within(reader.read());
    assert.equal(await heard(value!.readable), `${i}`);
  }
});

Deno.test("datagrams before their session wait", async () => {
  const client = await new RawClient().begin();
  await client.transport.sendDatagram(new Uint8Array([0, 7]));
  const [, session] = await client.session();
  assert.deepEqual(await first(session.datagrams.readable), new Uint8Array([7]));
});

Deno.test("a second session on a connection without flow control is rejected", async () => {
  const client = await new RawClient().begin();
  await client.session();
  const second = await client.both(headersFrame(connectLines));
  assert.deepEqual(await within(outcome(second)), { kind: "reset", code: REQUEST_REJECTED });
  assert.equal(client.sessions.length, 0);
});

Deno.test("a session of a client whose settings lack what it needs is malformed", async () => {
  for (const settings of [varints(), varints(0x33, 1), varints(0x2c7c_f000, 1)]) {
    const client = await new RawClient().begin(settings);
    const stream = await client.both(headersFrame(connectLines));
    assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: MESSAGE_ERROR });
  }
});

Deno.test("a session is not looked at before the settings of the client have come", async () => {
  const client = new RawClient();
  const stream = await client.both(headersFrame(connectLines));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(client.sessions.length, 0);
  await client.begin();
  while (client.sessions.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  await stream.writable.close();
});

Deno.test("a server without sessions passes over what is for them", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("a page"));
  const client = new RawPeer(transport);
  await client.open(0x00, frame(0x04, SETTINGS));
  await client.open(0x54, varints(0));
  const outcome = await client.request(headersFrame([
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", "localhost"],
    [":path", "/"],
  ]));
  assert.equal(outcome.kind, "response");
});

Deno.test("streams that no application takes hold the connection back [attack session-streams]", async () => {
  const client = await new RawClient().begin();
  const [, session] = await client.session();
  const COUNT = 200;
  for (let i = 0; i < COUNT; i++) {
    const stream = await client.both(varints(0x41, 0), bytes(`${i}`));
    stream.writable.close();
  }
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1));
  const { waitingBidirectional } = session as Session;
  assert.ok(waitingBidirectional < COUNT / 2, `${waitingBidirectional} streams wait`);
  const reader = session.incomingBidirectionalStreams.getReader();
  for (let seen = 0; seen < COUNT; seen++) {
    const { value } = await within(reader.read());
    assert.equal(await heard(value!.readable), `${seen}`);
  }
  session.close();
});
