import assert from "node:assert/strict";
import type { TcpRequestHandler } from "../../src/http2/exchange.ts";
import { serveTcp, type ServeTcpOptions, type TcpHttpServer } from "../../src/http2/serve_tcp.ts";
import {
  makeDevelopmentCertificate,
  makeIssuedCertificate,
} from "../../src/io/development_certificate.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { H1Stranger, H2Stranger, headOf, outcomeOf } from "./strangers.ts";

/** A server on loopback, and the URL of it. */
async function site(
  handler: TcpRequestHandler,
  more: Partial<ServeTcpOptions> = {},
): Promise<AsyncDisposable & { server: TcpHttpServer; port: number; url: string }> {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  const server = await serveTcp({ ...place, ...more }, handler);
  const { port } = server.addrs[0]!;
  const dispose = async () => await server[Symbol.asyncDispose]();
  return { server, port, url: `https://localhost:${port}`, [Symbol.asyncDispose]: dispose };
}

async function until(isSo: () => boolean): Promise<void> {
  await within(
    (async () => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
    })(),
    30_000,
  );
}

for (const version of ["HTTP/2", "HTTP/1.1"] as const) {
  Deno.test(`serveTcp() answers the runtime's fetch over ${version}`, async () => {
    const seen: string[] = [];
    await using run = await site(async (request, { protocol, remoteAddr, completed }) => {
      completed.then(() => seen.push(`${protocol} ${remoteAddr.hostname}`), () => {});
      const { pathname, search } = new URL(request.url);
      const text = `${request.method} ${pathname}${search} ${(await request.bytes()).length}`;
      const headers = new Headers({ "x-one": request.headers.get("x-one") ?? "" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      if (pathname === "/none") return new Response(null, { status: 204 });
      return new Response(text, { status: 201, headers });
    });
    using client = Deno.createHttpClient({ caCerts: [cert], http2: version === "HTTP/2" });
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${run.url}${path}`, { client, ...init });
    const get = await ask("/a?b", { headers: { "x-one": "1" } });
    assert.deepEqual([get.status, await get.text()], [201, "GET /a?b 0"]);
    assert.deepEqual(get.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(get.headers.get("x-one"), "1");
    const post = await ask("/", { method: "POST", body: new Uint8Array(300_000) });
    assert.equal(await post.text(), "POST / 300000");
    const head = await ask("/", { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [201, ""]);
    assert.equal((await ask("/none")).status, 204);
    await until(() => seen.length === 4);
    assert.deepEqual(new Set(seen), new Set([`${version} 127.0.0.1`]));
  });
}

Deno.test("serveTcp() breaks off what a handler breaks off, and says what has failed", async () => {
  await using run = await site((request) => {
    if (request.url.endsWith("/throw")) throw new Error("no");
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        pull: (controller) => controller.error(new Error("broken")),
      }, { highWaterMark: 0 }),
    );
  });
  await using client = await H2Stranger.connect(run.port);
  const ask = async (path: string) => {
    const fields = {
      ":method": "GET",
      ":path": path,
      ":authority": "localhost",
      ":scheme": "https",
    };
    const stream = client.begin(fields);
    stream.end();
    return await outcomeOf(stream);
  };
  assert.equal((await ask("/throw")).status, 500);
  assert.equal((await ask("/broken")).code, 2);
});

Deno.test("serveTcp() goes on when a client leaves before its answer", async () => {
  const wanted = Promise.withResolvers<Response>();
  let left = 0;
  await using run = await site((request, { signal }) => {
    if (request.url.endsWith("/now")) return new Response("fine");
    signal.addEventListener("abort", () => left++);
    return wanted.promise.then((response) => response.clone());
  }, { onConnect: () => wanted.promise, onConnectTcp: () => wanted.promise });
  await using client = await H2Stranger.connect(run.port);
  const fields = { ":authority": "localhost", ":path": "/" };
  const streams = [client.begin(fields), client.begin({ ...fields, ":method": "POST" })];
  streams.push(client.begin({ ":method": "CONNECT", ":authority": "a:1" }));
  await using h1 = await H1Stranger.connect(run.port);
  h1.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (const stream of streams) stream.close(8);
  h1.socket.destroy();
  await until(() => left === 3);
  wanted.resolve(new Response("late"));
  const now = client.begin({ ...fields, ":path": "/now" });
  now.end();
  assert.equal((await outcomeOf(now)).text, "fine");
});

Deno.test("serveTcp() refuses targets that are none, and tunnels without a handler", async () => {
  let count = 0;
  await using run = await site(() => (count++, new Response("")));
  for (
    const [request, status] of [
      ["GET / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400],
      ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
      ["GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400],
      ["TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501],
      ["CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501],
      ["GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 501],
    ] as const
  ) {
    await using client = await H1Stranger.connect(run.port);
    client.send(request);
    const text = await client.until(/\r\n\r\n/);
    assert.ok(text.startsWith(`HTTP/1.1 ${status} `), `${request}: ${text}`);
  }
  assert.equal(count, 0);
});

Deno.test("serveTcp() ends connections that ask for nothing, or for half of something", async () => {
  await using run = await site(() => new Response(""), { limits: { idle: 1_500 } });
  const { port } = run;
  const raw = await Deno.connect({ hostname: "127.0.0.1", port });
  await raw.write(Uint8Array.of(22, 3, 1, 2, 0, 1)); // the beginning of a ClientHello
  await using h1 = await H1Stranger.connect(port);
  h1.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  await using h2 = await H2Stranger.connect(port);
  const trickle = setInterval(() => h1.send("y"), 50);
  await within(raw.read(new Uint8Array(1)).catch(() => null), 20_000);
  raw.close();
  await h1.rest();
  clearInterval(trickle);
  await until(() => h2.session.destroyed);
  await until(() => run.server.connections === 0);
  assert.equal(await h1.rest(), "", "no answer to half a request");
});

Deno.test("serveTcp() ends responses that are not taken, but no tunnels", async () => {
  const handler = () => new Response(new Uint8Array(8_000_000));
  const tunnel = () => new Response(new ReadableStream());
  const limits = { stall: 500, idle: 2_000 };
  await using run = await site(handler, { limits, onConnectTcp: tunnel });
  await using client = await H2Stranger.connect(run.port);
  const open = client.begin({ ":method": "CONNECT", ":authority": "a:1" });
  await headOf(open);
  const stalled = client.begin({ ":path": "/", ":authority": "a" });
  stalled.end();
  await headOf(stalled);
  await until(() => stalled.closed);
  assert.equal(stalled.rstCode, 2);
  await using h1 = await H1Stranger.connect(run.port);
  h1.socket.pause();
  h1.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3));
  await until(() => run.server.connections === 1);
  assert.ok(!open.closed && !client.session.destroyed);
});

Deno.test("serveTcp() takes so many connections, and so many of one address", async () => {
  const limits = { connections: 10, perAddress: 2 };
  await using run = await site(() => new Response("fine"), { limits });
  await using first = await H2Stranger.connect(run.port);
  await using _ = await H2Stranger.connect(run.port);
  const third = await Deno.connect({ hostname: "127.0.0.1", port: run.port });
  assert.equal(await within(third.read(new Uint8Array(1)).catch(() => null)), null);
  third.close();
  first.session.destroy();
  await until(() => run.server.connections < 2);
  await using __ = await H2Stranger.connect(run.port);
});

Deno.test("serveTcp() ends a connection whose client resets all that it asks for", async () => {
  let count = 0;
  await using run = await site(() => {
    count++;
    return new Promise<Response>(() => {});
  });
  await using client = await H2Stranger.connect(run.port);
  for (let i = 0; i < 50 && !client.session.destroyed; i++) {
    for (let j = 0; j < 50 && !client.session.destroyed; j++) {
      client.begin({ ":path": "/", ":authority": "a" }).close(8);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => client.session.destroyed);
  assert.ok(count < 2_000, `${count} reached the handler`);
});

Deno.test("serveTcp() shows a renewed certificate, and hears on further addresses", async () => {
  await using run = await site(() => new Response("fine"));
  const renewed = await makeDevelopmentCertificate(["localhost"]);
  run.server.setCertificates({ cert: renewed.certPem, key: renewed.keyPem });
  using client = Deno.createHttpClient({ caCerts: [renewed.certPem] });
  assert.equal(await (await fetch(run.url, { client })).text(), "fine");
  // The one that was there is for another name now.
  const certificates = [{ cert, key }, { cert: renewed.certPem, key: renewed.keyPem }];
  const other = await makeDevelopmentCertificate(["other.example"]);
  run.server.setCertificates({ cert: other.certPem, key: other.keyPem, certificates });
  await using named = await H2Stranger.connect(run.port);
  assert.ok(!named.session.destroyed);
  const bad = { cert: "nothing", key: "nothing" };
  assert.throws(() => run.server.setCertificates(bad), TypeError);
  await run.server.follow(["127.0.0.1", "127.0.0.2"]);
  assert.equal(run.server.addrs.length, 2);
  const further = await Deno.connect({ hostname: "127.0.0.2", port: run.port });
  further.close();
  const place = { port: run.port, localAddresses: ["127.0.0.1"], cert, key };
  await assert.rejects(serveTcp(place, () => new Response("")), /EADDRINUSE|in use/);
});

Deno.test("serveTcp() tells which name a client asked for, and hears no further when stopped", async () => {
  const names: (string | undefined)[] = [];
  const { certPem, keyPem, caPem } = await makeIssuedCertificate(["localhost", "127.0.0.1"]);
  const own = { cert: certPem, key: keyPem };
  await using run = await site((_, { serverName }) => {
    names.push(serverName);
    return new Response();
  }, own);
  for (const http2 of [true, false]) {
    using client = Deno.createHttpClient({ caCerts: [caPem], http2, http1: !http2 });
    await fetch(run.url, { client });
    await fetch(`https://127.0.0.1:${run.port}`, { client });
  }
  assert.deepEqual(names, ["localhost", undefined, "localhost", undefined]);
  const stopped = run.server.shutdown();
  await run.server.follow(["127.0.0.2"]);
  const late = Deno.connect({ hostname: "127.0.0.2", port: run.port });
  await assert.rejects(late, Deno.errors.ConnectionRefused);
  await stopped;
});

Deno.test("serveTcp() ends handshakes that the application cannot serve, and no more", async () => {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  const certificates = (name: string | undefined) => {
    if (name === "broken.example") return { cert: "none", key: "none" };
    if (name !== "localhost") throw new Error("no such host");
    return undefined;
  };
  await using server = await serveTcp({ ...place, certificates }, () => new Response("fine"));
  const { port } = server.addrs[0]!;
  for (const hostname of ["other.example", "broken.example"]) {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const tls = await Deno.startTls(conn, { hostname, caCerts: [cert] });
    await assert.rejects(tls.handshake());
    tls.close();
  }
  await using client = await H1Stranger.connect(port);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await client.until(/fine/), /^HTTP\/1.1 200 /);
});

Deno.test("serveTcp() tells the same of a client's certificates behind a renewal of its own", async () => {
  const { caPem, certPem, keyPem } = await makeIssuedCertificate(["ann"]);
  const handler: TcpRequestHandler = (_, { peerCertificates }) =>
    new Response(String(peerCertificates.length));
  await using run = await site(handler, { clientCertificates: { caCerts: [caPem] } });
  for (let renewals = 0; renewals < 2; renewals++) {
    using client = Deno.createHttpClient({ caCerts: [cert], cert: certPem, key: keyPem });
    assert.equal(await (await fetch(run.url, { client })).text(), "2");
    run.server.setCertificates({ cert, key });
  }
});

Deno.test("serveTcp() opens tunnels over HTTP/2 whose answers have fields about a connection", async () => {
  const headers = { connection: "keep-alive", "keep-alive": "timeout=5", "x-way": "one" };
  const onConnectTcp = () => new Response("hello", { headers });
  await using run = await site(() => new Response(), { onConnectTcp });
  await using client = await H2Stranger.connect(run.port);
  const { status, headers: found, text } = await client.tunnel("a:1", {});
  assert.deepEqual([status, found["x-way"], found["connection"], text], [
    200,
    "one",
    undefined,
    "hello",
  ]);
});
