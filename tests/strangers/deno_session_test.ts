import assert from "node:assert/strict";
import { toHttpCode } from "../../src/http3/wire/web_transport.ts";
import { connectWebTransport } from "../../mod.ts";
import { within } from "../http3/raw_peer.ts";
import { issued } from "./deno_pair.ts";
import { SessionSite } from "./session_site.ts";

// The runtime's own WebTransport, which speaks older drafts, with our server. Deno 2.9 does not end
// or reset a stream before it forgets it, ends sessions with their connection, and reads no capsule.

const STREAMS = 1_000;

/** The platform's class, as far as these tests need it. */
interface Platform {
  readonly ready: Promise<void>;
  readonly closed: Promise<{ readonly closeCode: number; readonly reason: string }>;
  readonly datagrams: {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
  };
  readonly incomingBidirectionalStreams: ReadableStream<Streams>;
  readonly incomingUnidirectionalStreams: ReadableStream<ReadableStream<Uint8Array>>;
  createBidirectionalStream(): Promise<Streams>;
  createUnidirectionalStream(): Promise<WritableStream<Uint8Array>>;
  close(info?: { closeCode: number; reason: string }): void;
}

interface Streams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** The runtime's function for servers. */
const { upgradeWebTransport } = Deno as unknown as {
  upgradeWebTransport?: (connection: Deno.QuicConn) => Promise<Platform>;
};

const { WebTransport } = globalThis as unknown as {
  WebTransport?: new (url: string, options: unknown) => Platform;
};

async function open(site: SessionSite, path: string): Promise<Platform> {
  const session = new WebTransport!(site.url(path, "127.0.0.1"), {
    serverCertificateHashes: [{ algorithm: "sha-256", value: site.certificateHash }],
  });
  await within(session.ready, 20_000);
  return session;
}

/** Writes to a stream without ending it. */
async function say(stream: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stream.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

/** Reads so many characters of a stream. */
async function heard(stream: ReadableStream<Uint8Array>, length: number): Promise<string> {
  const reader = stream.getReader();
  let text = "";
  while (text.length < length) {
    const { value, done } = await within(reader.read(), 20_000);
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text;
}

async function first<T>(stream: ReadableStream<T>): Promise<T> {
  const reader = stream.getReader();
  const { value } = await within(reader.read(), 20_000);
  reader.releaseLock();
  return value!;
}

const ignore = WebTransport === undefined;

Deno.test({
  name: "the runtime's WebTransport has streams both ways and datagrams with our server",
  ignore,
}, async () => {
  await using site = await SessionSite.make(() => new Response(null, { status: 404 }));
  const session = await open(site, "/echo");
  const { readable, writable } = await session.createBidirectionalStream();
  await say(writable, "question");
  assert.equal(await heard(readable, 8), "question");
  assert.equal(
    await heard((await first(session.incomingBidirectionalStreams)).readable, 7),
    "welcome",
  );
  await say(await session.createUnidirectionalStream(), "one way");
  assert.equal(await heard(await first(session.incomingUnidirectionalStreams), 7), "one way");
  await session.datagrams.writable.getWriter().write(new Uint8Array([1, 2, 3]));
  assert.deepEqual([...await first(session.datagrams.readable)], [1, 2, 3]);
  session.close({ closeCode: 42, reason: "done" });
  await within(session.closed);
  while (site.ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const { end } = site.ends[0]!;
  const { cause } = end as { cause?: { code?: number } };
  assert.equal(cause?.code, 42, "its code is that of the connection");
});

Deno.test({
  name: `the runtime's WebTransport takes ${STREAMS} streams of our server`,
  ignore,
}, async () => {
  await using site = await SessionSite.make(() => new Response(null, { status: 404 }));
  const session = await open(site, `/many?${STREAMS}`);
  const seen = new Set<string>();
  const reader = session.incomingUnidirectionalStreams.getReader();
  while (seen.size < STREAMS) {
    const { value, done } = await within(reader.read(), 20_000);
    assert.ok(!done, `${seen.size} streams came`);
    seen.add(await within(new Response(value).text(), 20_000));
  }
  assert.ok(seen.has("0") && seen.has(`${STREAMS - 1}`));
  session.close();
  await within(session.closed);
});

Deno.test({
  name: "the runtime's WebTransport sees the code that our server resets a stream with",
  ignore,
}, async () => {
  await using site = await SessionSite.make(() => new Response(null, { status: 404 }));
  const session = await open(site, "/reset");
  const { readable, writable } = await session.createBidirectionalStream();
  await say(writable, "go on");
  // It shows the code as it came.
  const reset = await within(heard(readable, 2).then(() => "", String), 20_000);
  assert.ok(reset.includes(`${toHttpCode(0xffff_fffe)}`), reset);
  session.close();
  await within(session.closed);
});

Deno.test({
  name: "our client has streams both ways and datagrams with the runtime's server",
  ignore: upgradeWebTransport === undefined,
}, async () => {
  const endpoint = new Deno.QuicEndpoint({ hostname: "127.0.0.1", port: 0 });
  const listener = endpoint.listen({
    cert: issued.certPem,
    key: issued.keyPem,
    alpnProtocols: ["h3"],
  });
  const serving = (async () => {
    const session = await upgradeWebTransport!(await (await listener.incoming()).accept());
    await session.ready;
    session.datagrams.readable.pipeTo(session.datagrams.writable).catch(() => {});
    const { readable, writable } = await first(session.incomingBidirectionalStreams);
    readable.pipeTo(writable).catch(() => {});
    await session.closed;
  })();
  const url = `https://localhost:${endpoint.addr.port}/echo`;
  const options = { caCerts: [issued.caPem], localAddresses: ["127.0.0.1"] };
  const session = await within(connectWebTransport(url, options), 20_000);
  const { readable, writable } = await session.createBidirectionalStream();
  await say(writable, "question");
  assert.equal(await heard(readable, 8), "question");
  await session.datagrams.writable.getWriter().write(new Uint8Array([1, 2, 3]));
  assert.deepEqual([...await first(session.datagrams.readable)], [1, 2, 3]);
  session.close({ closeCode: 5, reason: "done" });
  session.connection.close(); // it does not end its direction of the session's stream
  await within(serving, 20_000);
  listener.stop();
  endpoint.close();
});
