import assert from "node:assert/strict";
import type { TcpRequestHandler } from "../../src/http2/exchange.ts";
import { serveTcp, type ServeTcpOptions } from "../../src/http2/serve_tcp.ts";
import type { TunnelHandler } from "../../src/http3/handler.ts";
import { Turns } from "../../src/http2/turns.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { H1Stranger, H2Stranger, headOf } from "./strangers.ts";

async function site(limits: ServeTcpOptions["limits"], handler: TcpRequestHandler) {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  const onConnectTcp = () => new Response(new ReadableStream());
  const server = await serveTcp({ ...place, onConnectTcp, ...(limits && { limits }) }, handler);
  const dispose = async () => await server[Symbol.asyncDispose]();
  return { server, port: server.addrs[0]!.port, [Symbol.asyncDispose]: dispose };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function until(isSo: () => boolean): Promise<void> {
  await within(
    (async () => {
      while (!isSo()) await pause(10);
    })(),
    30_000,
  );
}

/** A connection over which nothing is sent; tells when the server has ended it. */
async function silent(port: number): Promise<{ conn: Deno.TcpConn; isOver: () => boolean }> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  let isOver = false;
  conn.read(new Uint8Array(1)).catch(() => null).then(() => isOver = true);
  return { conn, isOver: () => isOver };
}

Deno.test("serveTcp() takes so many handshakes at a time, and others later", async () => {
  await using run = await site({ handshakes: 3, perAddress: 100 }, () => new Response("fine"));
  const all = await Promise.all(Array.from({ length: 8 }, () => silent(run.port)));
  await until(() => all.filter(({ isOver }) => isOver()).length === 5);
  await pause(100);
  assert.equal(run.server.connections, 3);
  for (const { conn } of all) conn.close();
  await until(() => run.server.connections === 0);
  // Those that are through it do not count.
  const open: H2Stranger[] = [];
  for (let i = 0; i < 5; i++) open.push(await H2Stranger.connect(run.port));
  assert.equal(run.server.connections, 5);
  for (const one of open) one.session.destroy();
});

Deno.test("serveTcp() takes an address for which isExempt throws as any other", async () => {
  const isExempt = () => {
    throw new Error("the list cannot be read");
  };
  await using run = await site({ perAddress: 2, isExempt }, () => new Response("fine"));
  const all = await Promise.all(Array.from({ length: 5 }, () => silent(run.port)));
  await until(() => all.filter(({ isOver }) => isOver()).length === 3);
  assert.equal(run.server.connections, 2);
  for (const { conn } of all) conn.close();
  await until(() => run.server.connections === 0);
});

Deno.test("serveTcp() answers so many requests of a connection at a time, and others later", async () => {
  const asked: string[] = [];
  const answers = new Map<string, (response: Response) => void>();
  const handler: TcpRequestHandler = ({ url }) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    return new Promise((resolve) => answers.set(pathname, resolve));
  };
  await using run = await site({ requests: 2 }, handler);
  await using h1 = await H1Stranger.connect(run.port);
  const paths = ["/0", "/1", "/2", "/3"];
  h1.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(""));
  await until(() => asked.length >= 1);
  await pause(200); // by now the others would have come as well
  assert.ok(asked.length <= 2, asked.join());
  for (const path of paths) {
    await until(() => answers.has(path));
    answers.get(path)!(new Response(`at ${path}`));
  }
  await h1.until(/at \/3/);
  assert.deepEqual(asked, paths);

  await using h2 = await H2Stranger.connect(run.port);
  assert.equal(h2.session.remoteSettings.maxConcurrentStreams, 2, "its tunnels count as well");
});

Deno.test("serveTcp() gives the place of a request back whose client has left", async () => {
  let count = 0;
  const late = Promise.withResolvers<void>();
  const handler: TcpRequestHandler = async ({ url }) => {
    count++;
    if (url.endsWith("/late")) await late.promise;
    return new Response("fine");
  };
  await using run = await site({ requests: 1 }, handler);
  await using h1 = await H1Stranger.connect(run.port);
  h1.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => count === 1);
  h1.socket.destroy();
  await until(() => run.server.connections === 0);
  late.resolve();
  await pause(100);
  assert.equal(count, 1, "nothing is done for the one that waited");
});

Deno.test("serveTcp() keeps no client whose tunnel is refused or over, though it stays", async () => {
  const place = { port: 0, localAddresses: ["127.0.0.1"], cert, key };
  const onConnectTcp = () => new Response(null, { status: 407 });
  const onConnect: TunnelHandler = (_request, { datagrams }) => {
    datagrams?.read(); // the client sends nothing, and has no end
    return new Response(new ReadableStream({ start: (controller) => controller.close() }));
  };
  const options = { ...place, onConnect, onConnectTcp, limits: { idle: 1_000 } };
  await using server = await serveTcp(options, () => new Response());
  const { port } = server.addrs[0]!;
  const upgrade = "Host: a\r\nConnection: Upgrade\r\nUpgrade: connect-udp\r\n\r\n";
  for (
    const [request, answer] of [
      ["CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", /^HTTP\/1.1 407 /],
      [`GET / HTTP/1.1\r\n${upgrade}`, /^HTTP\/1.1 101 /],
      [`GET / HTTP/1.1\r\nHost: b\r\n${upgrade}`, /^HTTP\/1.1 400 /],
    ] as const
  ) {
    await using client = await H1Stranger.connect(port);
    client.send(request);
    assert.match(await client.rest(), answer);
    await until(() => server.connections === 0);
  }
  await using client = await H2Stranger.connect(port);
  const stream = client.udp("a:1", {});
  assert.equal((await headOf(stream))[":status"], 200);
  await until(() => server.connections === 0);
});

Deno.test("Turns go to those that wait, in order, and not to those that have left", async () => {
  const turns = new Turns(1);
  const { signal } = new AbortController();
  assert.ok(await turns.take(signal));
  const leaving = new AbortController();
  const order: string[] = [];
  const wait = async (name: string, one: AbortSignal) => {
    order.push(`${name} ${await turns.take(one)}`);
  };
  const all = [wait("a", signal), wait("b", leaving.signal), wait("c", signal)];
  leaving.abort();
  turns.give();
  await all[0];
  turns.give();
  await Promise.all(all);
  assert.deepEqual(order.toSorted(), ["a true", "b false", "c true"]);
  turns.give();
  assert.ok(await turns.take(signal), "the last one is free again");
});

Deno.test("serveTcp() ends requests whose content comes too slowly, not those that are fast", async () => {
  const handler: TcpRequestHandler = async (request) => {
    return new Response(`${(await request.bytes()).length} bytes`);
  };
  await using run = await site({ minBodyRate: 1_000 }, handler);
  const head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n";
  await using slow = await H1Stranger.connect(run.port);
  await using fast = await H1Stranger.connect(run.port);
  slow.send(head);
  fast.send(head);
  const begun = performance.now();
  let isOver = false;
  slow.socket.on("close", () => isOver = true);
  for (let i = 0; i < 50 || (i < 300 && !isOver); i++) {
    await pause(100);
    if (!isOver) slow.send("x");
    if (i < 20) fast.send("y".repeat(2_000));
  }
  assert.ok(isOver, "a byte each 100 ms does not do");
  assert.ok(performance.now() - begun > 9_000, "nor does it count at once");
  assert.match(await fast.until(/bytes/), /40000 bytes/);
});

Deno.test("serveTcp() does not wait for content that the handler does not want yet", async () => {
  const handler: TcpRequestHandler = async (request) => {
    await pause(1_500);
    return new Response(`${(await request.bytes()).length} bytes`);
  };
  await using run = await site({ stall: 700 }, handler);
  await using client = await H1Stranger.connect(run.port);
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
  await pause(1_700);
  client.send("cd");
  assert.match(await client.until(/bytes/), /4 bytes/);
});

Deno.test("serveTcp() goes on with a client that takes a large piece of an answer in parts", async () => {
  const size = 32_000_000;
  await using run = await site({ stall: 5_000 }, () => new Response(new Uint8Array(size)));
  const place = { hostname: "127.0.0.1", port: run.port };
  const options = { hostname: "localhost", caCerts: [cert], alpnProtocols: ["http/1.1"] };
  using conn = await Deno.startTls(await Deno.connect(place), options);
  const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  await conn.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(65_536);
  let taken = 0;
  let sincePause = 0;
  for (let length; (length = await conn.read(buffer)) !== null;) {
    taken += length;
    sincePause += length;
    if (sincePause < 2_000_000) continue;
    await pause(500); // 8 s in all, longer than it may go without taking any
    sincePause = 0;
  }
  assert.ok(taken > size, `${taken} bytes`);
});
