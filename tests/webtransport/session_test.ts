import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { WebTransportError } from "../../src/http3/webtransport/web_transport_error.ts";
import type { WebTransportOptions } from "../../src/http3/webtransport/web_transport_options.ts";
import { MemoryTransport } from "../http3/memory_transport.ts";
import { within } from "../http3/raw_peer.ts";
import { bytes, first, heard, reasonOf, say, SessionPair, URL_OF_SESSION } from "./session_pair.ts";

Deno.test("a session carries streams both ways, opened by either end", async () => {
  const [client, server] = await new SessionPair().open();
  for (const [opener, taker] of [[client, server], [server, client]] as const) {
    const { readable, writable } = await opener.createBidirectionalStream();
    const taken = first(taker.incomingBidirectionalStreams);
    void say(writable, "question");
    const theirs = await taken;
    assert.equal(await heard(theirs.readable), "question");
    void say(theirs.writable, "answer");
    assert.equal(await heard(readable), "answer");
  }
});

Deno.test("a session carries streams of one direction, opened by either end", async () => {
  const [client, server] = await new SessionPair().open();
  for (const [opener, taker] of [[client, server], [server, client]] as const) {
    void say(await opener.createUnidirectionalStream(), "news");
    assert.equal(await heard(await first(taker.incomingUnidirectionalStreams)), "news");
  }
});

Deno.test("a session carries datagrams, and drops those that do not fit", async () => {
  const [client, server] = await new SessionPair().open();
  for (const [sender, taker] of [[client, server], [server, client]] as const) {
    const writer = sender.datagrams.writable.getWriter();
    await writer.write(new Uint8Array(sender.datagrams.maxDatagramSize + 1));
    await writer.write(bytes("short"));
    assert.deepEqual(await first(taker.datagrams.readable), bytes("short"));
    assert.equal(sender.datagrams.dropped, 1);
  }
});

Deno.test("the handler learns what the client asks with, and a protocol is agreed on", async () => {
  const pair = new SessionPair({ protocols: ["two", "three"] });
  const headers = { origin: "https://localhost", "x-a": "b" };
  const [client, server] = await pair.open({ headers, protocols: ["one", "two", "three"] });
  const [request] = pair.requests;
  assert.deepEqual(request!.protocols, ["one", "two", "three"]);
  assert.deepEqual([request!.url, request!.origin], [URL_OF_SESSION, "https://localhost"]);
  assert.equal(request!.headers.get("x-a"), "b");
  assert.equal(request!.connection, pair.transports[1]);
  assert.deepEqual([client.protocol, server.protocol], ["two", "two"]);
});

Deno.test("a session without a protocol that both know has none", async () => {
  const [client, server] = await new SessionPair({ protocols: ["two"] }).open({
    protocols: ["one"],
  });
  assert.deepEqual([client.protocol, server.protocol], ["", ""]);
});

const origins: [
  origin: string | undefined,
  options: readonly string[] | "all" | undefined,
  ok: boolean,
][] = [
  [undefined, undefined, true],
  ["https://localhost", undefined, true],
  ["https://localhost:8443", undefined, false],
  ["http://localhost", undefined, false],
  ["https://evil.example", undefined, false],
  ["null", undefined, false],
  ["https://app.example", ["https://app.example"], true],
  ["https://localhost", ["https://app.example"], false],
  ["https://app.example.evil.example", ["https://app.example"], false],
  ["https://evil.example", [], false],
  ["https://evil.example", "all", true],
  [undefined, [], true],
];
for (const [origin, allowed, isTaken] of origins) {
  const rule = JSON.stringify(allowed ?? "its own");
  Deno.test(`a page of ${origin ?? "no origin"} is ${isTaken ? "taken" : "refused"} with ${rule} [attack session-origin]`, async () => {
    const pair = new SessionPair({ ...allowed && { origins: allowed } });
    const init = { headers: origin === undefined ? {} : { origin } };
    if (isTaken) {
      await pair.open(init);
      assert.equal(pair.requests.length, 1, "the handler has it");
      return;
    }
    const error = await reasonOf(pair.client.openSession(URL_OF_SESSION, init));
    assert.ok(error instanceof WebTransportError, `${error}`);
    assert.deepEqual([error.source, error.status], ["session", 403]);
    assert.equal(pair.requests.length, 0, "no handler had it");
  });
}

Deno.test("accept() refuses sessions, with 405 or what it says, and 500 when it fails", async () => {
  const answers: [accept: () => boolean | Response, status: number][] = [
    [() => false, 405],
    [() => new Response("no", { status: 404 }), 404],
    [() => Response.redirect("https://elsewhere.example/", 307), 307],
    [() => {
      throw new Error("broken");
    }, 500],
  ];
  for (const [accept, status] of answers) {
    const error = await reasonOf(new SessionPair({ accept }).client.openSession(URL_OF_SESSION));
    assert.equal((error as WebTransportError).status, status);
  }
  const fields = { headers: { "x-room": "7" } };
  await new SessionPair({ accept: () => new Response(null, fields) }).open();
});

Deno.test("accept() may agree by any response; what describes content stays behind", async () => {
  const agreed = [
    () => new Response("come in"),
    () => Response.json({}),
    () => new Response(null, { status: 204, headers: { "content-length": "0" } }),
  ];
  for (const accept of agreed) {
    const [ours, theirs] = await new SessionPair({ accept }).open();
    theirs.close({ closeCode: 7 });
    assert.deepEqual(await within(ours.closed), { closeCode: 7, reason: "" });
  }
});

Deno.test("either end closes the session, and the other learns the code and the reason", async () => {
  for (const index of [0, 1] as const) {
    const ends = await new SessionPair().open();
    const [closer, other] = [ends[index], ends[1 - index]!];
    const { readable, writable } = await closer.createBidirectionalStream();
    await writable.getWriter().write(bytes("a"));
    const theirs = await first(other.incomingBidirectionalStreams);
    closer.close({ closeCode: 0xffff_ffff, reason: "Grüße" });
    const info = { closeCode: 0xffff_ffff, reason: "Grüße" };
    assert.deepEqual(await within(other.closed), info);
    assert.deepEqual(await within(closer.closed), info);
    for (const stream of [readable, theirs.readable]) {
      const error = await reasonOf(new Response(stream).text());
      assert.ok(error instanceof WebTransportError, `${error}`);
      assert.deepEqual([error.source, error.streamErrorCode], ["session", null]);
    }
    await assert.rejects(() => closer.createUnidirectionalStream(), WebTransportError);
    await assert.rejects(() => other.createBidirectionalStream(), WebTransportError);
    assert.equal((await other.incomingUnidirectionalStreams.getReader().read()).done, true);
  }
});

Deno.test("a session that was closed makes room for the next on the same connection", async () => {
  const pair = new SessionPair();
  for (let count = 0; count < 5; count++) {
    const [client, server] = await pair.open();
    const closer = count % 2 ? client : server;
    closer.close();
    await within(Promise.all([client.closed, server.closed]));
    while (pair.server.active > 0) await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(pair.requests.length, count + 1);
  }
});

Deno.test("a stream is reset or stopped with a code of the application", async () => {
  const [client, server] = await new SessionPair().open();
  const { readable, writable } = await client.createBidirectionalStream();
  await writable.getWriter().write(bytes("a"));
  const theirs = await first(server.incomingBidirectionalStreams);
  const reader = theirs.readable.getReader();
  await within(reader.read());
  const back = theirs.writable.getWriter();
  const stop = new WebTransportError("enough", { streamErrorCode: 0x1234_5678 });
  await readable.cancel(stop);
  const stopped = await reasonOf(back.closed) as WebTransportError;
  assert.deepEqual([stopped.source, stopped.streamErrorCode], ["stream", 0x1234_5678]);

  const one = await client.createUnidirectionalStream();
  const writer = one.getWriter();
  await writer.write(bytes("b"));
  const incoming = (await first(server.incomingUnidirectionalStreams)).getReader();
  await within(incoming.read());
  await writer.abort(new WebTransportError("no more", { streamErrorCode: 0xffff_ffff }));
  const reset = await reasonOf(incoming.read()) as WebTransportError;
  assert.deepEqual([reset.source, reset.streamErrorCode], ["stream", 0xffff_ffff]);
});

Deno.test("a stream breaks by a chunk that cannot be sent, and the other end learns of that", async () => {
  const [client, server] = await new SessionPair().open();
  for (const isChanged of [true, false]) {
    const stream = await client.createUnidirectionalStream();
    const writer = stream.getWriter();
    await writer.write(bytes("b"));
    const incoming = (await first(server.incomingUnidirectionalStreams)).getReader();
    await within(incoming.read());
    const data = new Uint8Array(1_000);
    const refused = assert.rejects(
      () => writer.write(isChanged ? data : "text" as unknown as Uint8Array),
      TypeError,
    );
    data.buffer.transfer();
    const reading = (async () => {
      while (!(await incoming.read()).done);
    })();
    assert.equal((await reasonOf(reading) as WebTransportError).streamErrorCode, 0);
    await refused;
  }
});

Deno.test("drain() and GOAWAY ask the other end to come to an end, and nothing stops", async () => {
  const pair = new SessionPair();
  const [client, server] = await pair.open();
  client.drain();
  await within(server.draining);
  void say(await server.createUnidirectionalStream(), "still here");
  assert.equal(await heard(await first(client.incomingUnidirectionalStreams)), "still here");
  const down = pair.server.shutdown();
  await within(client.draining);
  void say(await client.createUnidirectionalStream(), "and here");
  assert.equal(await heard(await first(server.incomingUnidirectionalStreams)), "and here");
  client.close();
  await within(down);
});

Deno.test("a handler that fails breaks its session off", async () => {
  const pair = new SessionPair({
    handler: () => {
      throw new Error("broken");
    },
  });
  const session = await within(pair.client.openSession(URL_OF_SESSION));
  const error = await reasonOf(session.closed);
  assert.equal((error as WebTransportError).source, "session");
});

Deno.test("a session breaks when its connection ends, or its signal is aborted", async () => {
  const pair = new SessionPair();
  const [client, server] = await pair.open();
  pair.transports[0].close();
  for (const session of [client, server]) {
    assert.ok(await reasonOf(session.closed) instanceof WebTransportError);
  }
  const abort = new AbortController();
  const [other] = await new SessionPair().open({ signal: abort.signal });
  abort.abort();
  assert.ok(await reasonOf(other.closed) instanceof WebTransportError);
});

Deno.test("sixteen sessions share a connection, and what they carry is kept apart", async () => {
  const pair = new SessionPair();
  const ends = [];
  for (let i = 0; i < 16; i++) ends.push(await pair.open());
  await assert.rejects(() => pair.client.openSession(URL_OF_SESSION), /has enough sessions/);
  const streams = ends.map(([client]) => client.createUnidirectionalStream());
  for (const [i, stream] of streams.entries()) void say(await stream, `session ${i}`);
  for (const [i, [, server]] of ends.entries()) {
    assert.equal(await heard(await first(server.incomingUnidirectionalStreams)), `session ${i}`);
  }
  ends[3]![0].close({ closeCode: 3 });
  assert.equal((await within(ends[3]![1].closed)).closeCode, 3);
  void say(await ends[4]![0].createUnidirectionalStream(), "still here");
  assert.equal(await heard(await first(ends[4]![1].incomingUnidirectionalStreams)), "still here");
});

Deno.test("a server has as many sessions of a connection as it is told, and one more when one ends", async () => {
  const pair = new SessionPair({ maxSessions: 20 });
  const ends = [];
  for (let i = 0; i < 20; i++) ends.push(await pair.open());
  await assert.rejects(() => pair.client.openSession(URL_OF_SESSION), /has enough sessions/);
  ends[0]![0].close();
  await within(ends[0]![1].closed);
  const [again] = await pair.open();
  assert.equal(again.protocol, "");
  const none = new SessionPair({ maxSessions: 0 });
  await assert.rejects(() => none.client.openSession(URL_OF_SESSION), { code: 0x10b });
});

Deno.test("what cannot be used is refused with a sentence", async () => {
  const [transport, other] = MemoryTransport.pair();
  serveConnection(other, () => new Response("a page"));
  const client = new H3Client(transport, { webTransport: true });
  await assert.rejects(
    () => within(client.openSession(URL_OF_SESSION)),
    /the server does not take WebTransport/,
  );
  const pair = new SessionPair();
  for (const protocols of [["é"], [""], ["a", "a"], Array.from({ length: 33 }, (_, i) => `${i}`)]) {
    await assert.rejects(() => pair.client.openSession(URL_OF_SESSION, { protocols }), TypeError);
  }
  const [plain] = MemoryTransport.pair();
  await assert.rejects(() => new H3Client(plain).openSession(URL_OF_SESSION), /webTransport: true/);
});

Deno.test("options of WebTransport that cannot be used are refused with a sentence", () => {
  const handler = () => {};
  const unusable: [options: WebTransportOptions, message: RegExp][] = [
    [{} as WebTransportOptions, /give a handler/],
    [{ handler, origins: ["app.example"] }, /write scheme and host/],
    [{ handler, origins: ["https://app.example/"] }, /write scheme and host/],
    [{ handler, maxSessions: -1 }, /a number from 0 on/],
    [{ handler, maxSessions: NaN }, /a number from 0 on/],
    [{ handler, protocols: ["é"] }, /printable ASCII/],
  ];
  for (const [webTransport, message] of unusable) {
    const [, transport] = MemoryTransport.pair();
    assert.throws(
      () => serveConnection(transport, () => new Response(), { webTransport }),
      (error) => error instanceof TypeError && message.test(error.message),
    );
  }
});
