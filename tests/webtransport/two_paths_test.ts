import assert from "node:assert/strict";
import {
  connectWebTransport,
  fetch,
  makeDevelopmentCertificate,
  MultipathConnection,
  serve,
  WebTransportError,
  type WebTransportOptions,
  type WebTransportSession,
} from "../../mod.ts";
import { within } from "../http3/raw_peer.ts";
import { bytes, first, heard, say } from "./session_pair.ts";

const localAddress = "127.0.0.1";
const SIZE = 1_500_000;
const STREAMS = 300;
const AT_ONCE = 30;

const { certPem, keyPem } = await makeDevelopmentCertificate(["localhost", localAddress]);

/** A server that echoes streams and datagrams. */
function echoServer(options: Partial<WebTransportOptions> = {}): ReturnType<typeof serve> {
  return serve({
    port: 0,
    localAddresses: [localAddress],
    cert: certPem,
    key: keyPem,
    webTransport: {
      async handler(session) {
        session.datagrams.readable.pipeTo(session.datagrams.writable).catch(() => {});
        for await (const { readable, writable } of session.incomingBidirectionalStreams) {
          readable.pipeTo(writable).catch(() => {});
        }
      },
      ...options,
    },
  }, () => new Response("a page"));
}

const trust = { caCerts: [certPem], localAddresses: [localAddress] };

Deno.test("a session goes over two paths, with bulk, many streams and datagrams", async () => {
  await using server = echoServer();
  const url = `https://localhost:${server.addr.port}/echo`;
  await using session = await connectWebTransport(url, trust);
  const connection = session.connection as MultipathConnection;
  await connection.openPath({ localAddress });

  const bulk = await session.createBidirectionalStream();
  const content = crypto.getRandomValues(new Uint8Array(65_536));
  const sent = (async () => {
    const writer = bulk.writable.getWriter();
    for (let at = 0; at < SIZE; at += content.length) await writer.write(content);
    await writer.close();
  })();
  let received = 0;
  for await (const piece of bulk.readable) {
    for (const byte of [0, piece.length - 1]) {
      assert.equal(piece[byte], content[(received + byte) % content.length]);
    }
    received += piece.length;
  }
  await sent;
  assert.equal(received, Math.ceil(SIZE / content.length) * content.length);
  for (const { stats } of connection.paths) {
    assert.ok(stats.bytesSent > SIZE / 10, `${stats.bytesSent} bytes on one path`);
  }

  let next = 0;
  const worker = async () => {
    while (next < STREAMS) {
      const text = `stream ${next++}`;
      const options = { waitUntilAvailable: true };
      const { readable, writable } = await session.createBidirectionalStream(options);
      void say(writable, text);
      assert.equal(await heard(readable), text);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));

  await session.datagrams.writable.getWriter().write(bytes("ping"));
  assert.deepEqual(await first(session.datagrams.readable), bytes("ping"));
});

Deno.test("a reset stream tells its session and its code all the same", async () => {
  const codes: unknown[] = [];
  await using server = echoServer({
    async handler(session) {
      for await (const stream of session.incomingUnidirectionalStreams) {
        await new Response(stream).arrayBuffer().catch((error) => codes.push(error));
        (await session.createUnidirectionalStream()).getWriter().write(bytes("!"));
      }
    },
  });
  const url = `https://localhost:${server.addr.port}/`;
  await using session = await connectWebTransport(url, trust);
  const stream = await session.createUnidirectionalStream();
  // At once, so that the header is still on its way.
  await stream.abort(new WebTransportError("never mind", { streamErrorCode: 5 }));
  await first(session.incomingUnidirectionalStreams);
  const [error] = codes;
  assert.ok(error instanceof WebTransportError);
  assert.equal(error.streamErrorCode, 5);
});

Deno.test("sessions and requests share a connection that the application made", async () => {
  await using server = echoServer();
  const port = server.addr.port;
  await using connection = await MultipathConnection.connect({
    hostname: "localhost",
    port,
    alpnProtocols: ["h3"],
    ...trust,
  });
  const url = `https://localhost:${port}/`;
  for (let count = 0; count < 2; count++) {
    const session = await connectWebTransport(url, { connection });
    assert.equal(await (await fetch(url, { connection })).text(), "a page");
    const { readable, writable } = await session.createBidirectionalStream();
    void say(writable, "hello");
    assert.equal(await heard(readable), "hello");
    session.close({ closeCode: 3, reason: "next" });
    await within(session.closed);
    // The server has to see the end first.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});

Deno.test("connectWebTransport() closes its connection with the session", async () => {
  await using server = echoServer();
  const session = await connectWebTransport(`https://localhost:${server.addr.port}/`, trust);
  session.close();
  assert.ok(await within(session.connection.closed.then(() => true)));
});

Deno.test("connectWebTransport() refuses what cannot be used, and tells who refuses", async () => {
  await using server = echoServer({ accept: () => new Response(null, { status: 404 }) });
  const url = `https://localhost:${server.addr.port}/`;
  for (const bad of [url.replace("https", "http"), `${url}#part`]) {
    await assert.rejects(() => connectWebTransport(bad, trust), TypeError);
  }
  await assert.rejects(
    () => connectWebTransport(url, trust),
    (error) => error instanceof WebTransportError && error.status === 404,
  );
  const headers = { origin: "https://evil.example" };
  await assert.rejects(
    () => connectWebTransport(url, { ...trust, headers }),
    (error) => error instanceof WebTransportError && error.status === 403,
  );
  await assert.rejects(() => connectWebTransport(url, { ...trust, signal: AbortSignal.abort() }));
});

Deno.test("both ends of a session export the same keys, and others have others", async () => {
  const ends: WebTransportSession[] = [];
  await using server = echoServer({ handler: (session) => void ends.push(session) });
  const url = `https://localhost:${server.addr.port}/echo`;
  await using one = await connectWebTransport(url, trust);
  const { connection } = one;
  await using other = await connectWebTransport(url, { connection });
  const label = bytes("voice");
  const key = one.exportKeyingMaterial(label);
  assert.equal(key.length, 32);
  assert.deepEqual(ends[0]!.exportKeyingMaterial(label), key);
  assert.deepEqual(
    ends[1]!.exportKeyingMaterial(label, bytes("x"), 48),
    other.exportKeyingMaterial(label, bytes("x"), 48),
  );
  const keys = [
    key,
    other.exportKeyingMaterial(label),
    one.exportKeyingMaterial(bytes("video")),
    one.exportKeyingMaterial(label, bytes("x")),
    one.exportKeyingMaterial(bytes("voicex")),
  ];
  assert.equal(new Set(keys.map((bytes) => bytes.toHex())).size, keys.length);
  // WebTransport, Section 4.8: the ID of the session in 64 bits, and both texts behind their lengths.
  const context = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 5, ...label, 1, 120);
  assert.deepEqual(
    one.exportKeyingMaterial(label, bytes("x")),
    (connection as MultipathConnection).exportKeyingMaterial("EXPORTER-WebTransport", context, 32),
  );
  for (const [label, context] of [["", ""], ["x".repeat(256), ""], ["x", "y".repeat(256)]]) {
    assert.throws(() => one.exportKeyingMaterial(bytes(label!), bytes(context!)), TypeError);
  }
});
