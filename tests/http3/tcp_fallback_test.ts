import assert from "node:assert/strict";
import { TransportError } from "../../src/error/quic_error.ts";
import { BrokenServers } from "../../src/http3/client/broken_servers.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { createFetch, type Fetch } from "../../src/http3/client/fetcher.ts";
import type { FetchInit } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3Transport } from "../../src/http3/transport.ts";
import { cert, key } from "./deno_quic.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

interface Site {
  readonly fetch: Fetch;
  /** How often a connection was tried. */
  attempts(): number;
  /** Requests that went over TCP. */
  readonly overTcp: Request[];
}

const url = "https://a.test/page";
const tcp: FetchInit = { fallback: "tcp", fallbackDelay: 30, idleTimeout: 20 };

function site(connect: (attempt: number) => Promise<H3Transport>): Site {
  let attempts = 0;
  const overTcp: Request[] = [];
  const fetch = createFetch(() => connect(++attempts), (request, init) => {
    overTcp.push(request);
    assert.equal(init.redirect, "manual");
    return Promise.resolve(new Response("over TCP"));
  });
  return { fetch, overTcp, attempts: () => attempts };
}

function working(): MemoryTransport {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("over UDP"));
  return client;
}

async function text(fetch: Fetch, init: FetchInit = tcp): Promise<string> {
  return await (await within(fetch(url, init))).text();
}

Deno.test("fetch() goes over TCP when there is no UDP, and remembers that", async () => {
  const { fetch, attempts, overTcp } = site(() =>
    Promise.reject(new DOMException("Cannot go on: silence", "TimeoutError"))
  );
  const headers = { "x-a": "b" };
  for (let i = 0; i < 3; i++) {
    const init = { ...tcp, method: "POST", body: "content", headers };
    const response = await within(fetch(url, init));
    assert.equal(response.url, url);
    assert.equal(await response.text(), "over TCP");
  }
  assert.equal(attempts(), 1);
  const [request] = overTcp;
  assert.equal(request!.method, "POST");
  assert.equal(request!.headers.get("x-a"), "b");
  assert.equal(await request!.text(), "content");
  assert.equal((await fetch("https://other.test/", tcp)).ok, true);
  assert.equal(attempts(), 2, "another server is another matter");
});

Deno.test("fetch() goes over TCP only if it may", async () => {
  const failure = new DOMException("Cannot go on: silence", "TimeoutError");
  const { fetch, overTcp } = site(() => Promise.reject(failure));
  await assert.rejects(fetch(url, { idleTimeout: 20 }), failure);
  assert.equal(overTcp.length, 0);
});

Deno.test("fetch() tells of both ways when neither leads to the server", async () => {
  const silence = new DOMException("Cannot go on: silence", "TimeoutError");
  const refused = new TypeError("error sending request: connection refused");
  const fetch = createFetch(() => Promise.reject(silence), () => Promise.reject(refused));
  await assert.rejects(within(fetch(url, tcp)), (error) => {
    assert.ok(error instanceof TypeError && error.cause instanceof AggregateError);
    assert.deepEqual(error.cause.errors, [silence, refused]);
    assert.match(error.message, /connection refused; over UDP: Cannot go on: silence$/);
    return true;
  });
  const aborted = new DOMException("aborted", "AbortError");
  const stopped = createFetch(() => Promise.reject(silence), () => Promise.reject(aborted));
  await assert.rejects(within(stopped(url, tcp)), (error) => error === aborted);
});

Deno.test("fetch() stays with UDP where that works", async () => {
  const { fetch, overTcp } = site(() => Promise.resolve(working()));
  for (let i = 0; i < 3; i++) assert.equal(await text(fetch), "over UDP");
  assert.equal(overTcp.length, 0);
});

Deno.test("fetch() does not wait long for UDP, but takes it when it comes", async () => {
  const late = Promise.withResolvers<H3Transport>();
  const { fetch, attempts } = site(() => late.promise);
  assert.equal(await text(fetch), "over TCP");
  const start = performance.now();
  assert.equal(await text(fetch), "over TCP");
  assert.ok(performance.now() - start < 25, "the second time it does not wait at all");
  late.resolve(working());
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await text(fetch), "over UDP");
  assert.equal(attempts(), 1);
});

Deno.test("fetch() does not evade a server that cannot prove its identity, or bad options", async () => {
  const unknownAuthority = new TransportError(0x130, "Cannot trust");
  for (const error of [unknownAuthority, new TypeError("Cannot connect to port 0")]) {
    const { fetch, overTcp } = site(() => Promise.reject(error));
    await assert.rejects(fetch(url, tcp), error);
    await assert.rejects(fetch(url, tcp), error);
    assert.equal(overTcp.length, 0);
  }
  const { fetch } = site(() => Promise.reject(new TransportError(0x178, "No h3 here")));
  assert.equal(await text(fetch), "over TCP");
});

Deno.test("fetch() follows redirects from TCP back to UDP", async () => {
  const fetch = createFetch(
    ({ hostname }) =>
      hostname === "a.test" ? Promise.reject(new Error()) : Promise.resolve(working()),
    () => Promise.resolve(new Response(null, { status: 302, headers: { location: "//b.test/" } })),
  );
  const response = await within(fetch(url, tcp));
  assert.equal(response.url, "https://b.test/");
  assert.equal(await response.text(), "over UDP");
});

Deno.test("fetch() uses the runtime's fetch with its client", async () => {
  const listening = Promise.withResolvers<number>();
  await using _server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    cert,
    key,
    onListen: ({ port }) => listening.resolve(port),
  }, async (request) => {
    const { size } = await request.blob();
    return new Response(`${request.method} ${size}`);
  });
  using client = Deno.createHttpClient({ caCerts: [cert] });
  const fetch = createFetch(() => Promise.reject(new Error("no UDP")));
  const url = `https://localhost:${await listening.promise}/`;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      controller.enqueue(new Uint8Array(1_000));
      controller.close();
    },
  });
  for (const sent of [new Uint8Array(1_000), body]) {
    const init = { ...tcp, method: "PUT", body: sent, client };
    const response = await within(fetch(url, init));
    assert.equal(await response.text(), "PUT 1000");
  }
});

Deno.test("fetch() goes over TCP to a server that has no UDP at all", async () => {
  const listening = Promise.withResolvers<number>();
  const options = { port: 0, hostname: "127.0.0.1", cert, key };
  await using _server = Deno.serve({
    ...options,
    onListen: ({ port }) => listening.resolve(port),
  }, () => new Response("over TCP"));
  using client = Deno.createHttpClient({ caCerts: [cert] });
  const init = { ...tcp, client, caCerts: [cert], localAddresses: ["127.0.0.1"] };
  const url = `https://localhost:${await listening.promise}/`;
  const response = await within(fetch(url, { ...init, handshakeTimeout: 300 }));
  assert.equal(await response.text(), "over TCP");
  await new Promise((resolve) => setTimeout(resolve, 400)); // until the connection is given up
});

Deno.test("BrokenServers tries again after some minutes, then longer", () => {
  const broken = new BrokenServers();
  const minute = 60_000;
  broken.add("a", 0);
  assert.equal(broken.has("a", 5 * minute - 1), true);
  assert.equal(broken.has("a", 5 * minute), false);
  broken.add("a", 5 * minute);
  assert.equal(broken.has("a", 15 * minute - 1), true);
  assert.equal(broken.has("a", 15 * minute), false);
  for (let i = 0; i < 20; i++) broken.add("a", 0);
  assert.equal(broken.has("a", 24 * 60 * minute), false);
  broken.delete("a");
  assert.equal(broken.has("a", 0), false);
});

Deno.test("BrokenServers remembers only so many", () => {
  const broken = new BrokenServers();
  for (let i = 0; i < 1_000; i++) broken.add(`${i}`, 0);
  assert.equal(broken.has("743", 1), false);
  assert.equal(broken.has("744", 1), true);
});

Deno.test("fetch() gets the bytes over TCP that the fields describe", async () => {
  const coded = new Blob(["over TCP ".repeat(100)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const content = await new Response(coded).bytes();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    // A server that codes content for every client.
    return new Response(content, { headers: { "content-encoding": "gzip" } });
  });
  const fetch = createFetch(
    () => Promise.reject(new DOMException("Cannot go on: silence", "TimeoutError")),
    (request, init) => {
      const { port } = server.addr;
      return globalThis.fetch(`http://127.0.0.1:${port}/`, { ...init, headers: request.headers });
    },
  );
  for (const headers of [{}, { "accept-encoding": "gzip" }]) {
    const response = await within(fetch(url, { ...tcp, headers }));
    assert.equal(response.headers.get("content-encoding"), "gzip");
    assert.deepEqual(await response.bytes(), content);
  }
});
