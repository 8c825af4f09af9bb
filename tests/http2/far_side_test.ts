import assert from "node:assert/strict";
import { ProxyUsers } from "../../src/proxy/proxy_users.ts";
import { within } from "../http3/raw_peer.ts";
import { nativeTest } from "../io/native/tier.ts";
import { hashOf, line, listens, ResettingHost, TcpHost, token } from "../proxy/far_side.ts";
import type { TcpStreams } from "../../src/proxy/tcp_streams.ts";
import { tcpFarSide } from "../proxy/tcp_far_side.ts";
import { H1Stranger, H2Stranger, headOf, outcomeOf, udpCapsule } from "./strangers.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const good = { "proxy-authorization": `Bearer ${token}` };
const GOOD = `Proxy-Authorization: Bearer ${token}\r\n`;

/** A host that answers only when the question has ended. */
async function answers({ readable, writable }: TcpStreams): Promise<void> {
  const text = await new Response(readable).text();
  const writer = writable.getWriter();
  await writer.write(bytes(`got ${text.length}`));
  await writer.close();
}

/** A UDP host on loopback that sends back what it gets. */
function echo(): Disposable & { target: string } {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const [data, from] of socket) await socket.send(data, from);
  })().catch(() => {});
  const { port } = socket.addr as Deno.NetAddr;
  return { target: `127.0.0.1:${port}`, [Symbol.dispose]: () => socket.close() };
}

Deno.test("CONNECT over HTTP/2 keeps the end of each direction apart", async () => {
  await using host = new TcpHost(answers);
  await using far = await tcpFarSide();
  await using client = await H2Stranger.connect(far.port);
  const { status, text, code } = await client.tunnel(host.target, good, "x".repeat(300_000));
  assert.deepEqual([status, text, code], [200, "got 300000", 0]);
});

Deno.test("CONNECT over HTTP/1.1 keeps the end of each direction apart", async () => {
  await using host = new TcpHost(answers);
  await using far = await tcpFarSide();
  await using client = await H1Stranger.connect(far.port);
  // What is sent at once is for the host.
  client.send(`CONNECT ${host.target} HTTP/1.1\r\nHost: ${host.target}\r\n${GOOD}\r\nquestion`);
  await client.until(/\r\n\r\n/);
  client.end();
  assert.match(await client.rest(), /^HTTP\/1\.1 200 [^]*\r\n\r\ngot 8$/);
});

Deno.test("many tunnels of one HTTP/2 connection carry much at a time, both ways", async () => {
  await using host = new TcpHost(({ readable, writable }) => {
    readable.pipeTo(writable).catch(() => {});
  });
  await using far = await tcpFarSide();
  await using client = await H2Stranger.connect(far.port);
  const texts = Array.from({ length: 10 }, (_, i) => `${i}`.repeat(400_000));
  const outcomes = await Promise.all(texts.map((text) => client.tunnel(host.target, good, text)));
  for (const [i, { status, text }] of outcomes.entries()) {
    assert.equal(status, 200);
    assert.ok(text === texts[i], `tunnel ${i}: ${text.length} bytes`);
  }
});

nativeTest("resets of the host reach clients over TCP, and theirs the host", async () => {
  await using host = new ResettingHost();
  await using far = await tcpFarSide();
  await using client = await H2Stranger.connect(far.port);
  const first = client.begin({ ":method": "CONNECT", ":authority": host.target, ...good });
  assert.equal((await headOf(first))[":status"], 200);
  first.close(8);
  const outcome = await within(host.outcome);
  assert.equal((outcome as { code?: number }).code, 0x10f, `${outcome}`);
  const { code } = await client.tunnel(host.target, good, "go");
  assert.equal(code, 10, "CONNECT_ERROR");
  await using h1 = await H1Stranger.connect(far.port);
  h1.send(`CONNECT ${host.target} HTTP/1.1\r\nHost: ${host.target}\r\n${GOOD}\r\n`);
  await h1.until(/\r\n\r\n/);
  h1.send("go");
  assert.match(await h1.rest(), /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
});

Deno.test("a client over TCP that does not read stops the host, and none is lost", async () => {
  const size = 12_000_000;
  let taken = 0;
  await using host = new TcpHost(async ({ writable }) => {
    const writer = writable.getWriter();
    for (; taken < size; taken += 100_000) await writer.write(new Uint8Array(100_000));
    await writer.close();
  });
  await using far = await tcpFarSide();
  await using client = await H2Stranger.connect(far.port);
  const stream = client.begin({ ":method": "CONNECT", ":authority": host.target, ...good });
  await headOf(stream);
  for (let before = -1; before !== taken;) {
    before = taken;
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  assert.ok(taken < size, `${taken} bytes wait somewhere`);
  let read = 0;
  stream.on("data", (data: Uint8Array) => read += data.length);
  await within(new Promise((resolve) => stream.once("end", resolve)), 30_000);
  assert.equal(read, size);
  stream.close();
});

Deno.test("connect-udp over HTTP/2 carries datagrams in capsules", async () => {
  using host = echo();
  await using far = await tcpFarSide();
  await using client = await H2Stranger.connect(far.port);
  const stream = client.udp(host.target, good);
  const head = await headOf(stream);
  assert.deepEqual([head[":status"], head["capsule-protocol"]], [200, "?1"]);
  const got: number[] = [];
  stream.on("data", (data: Uint8Array) => got.push(...data));
  // Capsules of other types, and contexts that were not agreed on, mean nothing.
  stream.write(Uint8Array.of(0x17, 2, 1, 2, 0, 3, 4, 9, 9));
  const large = new Uint8Array(4_000).fill(7);
  const small = udpCapsule(bytes("hello"));
  stream.write(small.subarray(0, 3));
  stream.write(small.subarray(3));
  const wanted = [...small, ...udpCapsule(large)];
  await waitFor(() => got.length >= small.length);
  stream.write(udpCapsule(large));
  await waitFor(() => got.length >= wanted.length);
  assert.deepEqual(got, wanted);
  stream.end();
  assert.equal((await outcomeOf(stream)).code, 0);
});

Deno.test("connect-udp over HTTP/1.1 carries datagrams in capsules", async () => {
  using host = echo();
  await using far = await tcpFarSide();
  await using client = await H1Stranger.connect(far.port);
  const path = `/.well-known/masque/udp/${host.target.replace(":", "/")}/`;
  const upgrade = "Connection: Upgrade\r\nUpgrade: connect-udp\r\nCapsule-Protocol: ?1\r\n";
  client.send(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${upgrade}${GOOD}\r\n`);
  const head = await client.until(/\r\n\r\n/);
  assert.match(head, /^HTTP\/1\.1 101 [^]*upgrade: connect-udp\r\n/i);
  assert.match(head, /capsule-protocol: \?1\r\n/i);
  client.send(udpCapsule(bytes("hello")));
  assert.ok((await client.until(/hello/)).endsWith("\r\n\r\n\0\x06\0hello"));
  client.end();
  await client.rest();

  for (
    const request of [
      `GET ${path} HTTP/1.1\r\n${upgrade}${GOOD}\r\n`,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n${upgrade}${GOOD}\r\n`,
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${upgrade}${GOOD}\r\n`,
    ]
  ) {
    await using wrong = await H1Stranger.connect(far.port);
    wrong.send(request);
    assert.match(await wrong.rest(), /^(HTTP\/1\.1 400 [^]*)?$/, request);
  }
});

Deno.test("a capsule that is no UDP payload ends the tunnel", async () => {
  using host = echo();
  await using far = await tcpFarSide();
  await using client = await H2Stranger.connect(far.port);
  for (const bad of [Uint8Array.of(0, 0x80, 1, 0, 0, 0), Uint8Array.of(0, 9, 0)]) {
    const stream = client.udp(host.target, good);
    await headOf(stream);
    stream.end(bad);
    const { code } = await outcomeOf(stream);
    assert.equal(code, 10);
  }
});

Deno.test("over TCP the rules of the proxy are those of HTTP/3", async () => {
  await using host = new TcpHost(listens);
  const closed = new TcpHost();
  await closed[Symbol.asyncDispose]();
  const users = new ProxyUsers(`${line}\notto:${await hashOf("ottos")}`);
  const ottos = { "proxy-authorization": "Bearer ottos" };
  await using far = await tcpFarSide({ users, limits: { tunnels: 1 }, name: "gateway" });
  await using client = await H2Stranger.connect(far.port);
  const refused = async (target: string, status: number, error?: string, fields = good) => {
    const { status: actual, headers } = await client.tunnel(target, fields);
    assert.equal(actual, status, target);
    const field = String(headers["proxy-status"] ?? "");
    assert.equal(/error=(\w+)/.exec(field)?.[1], error, target);
  };
  await refused(host.target, 407, undefined, { "proxy-authorization": "Bearer x" });
  await refused("10.0.0.1:80", 502, "destination_ip_prohibited");
  await refused(closed.target, 502, "connection_refused");
  await refused("127.0.0.1:25", 502, "destination_ip_prohibited");
  await refused("noport", 400, "http_request_error");
  await refused(host.target, 502, "proxy_loop_detected", { ...good, via: "2 gateway" } as never);
  assert.equal((await outcomeOf(client.udp("127.0.0.1:53", good))).status, 502);
  const open = client.begin({ ":method": "CONNECT", ":authority": host.target, ...good });
  assert.equal((await headOf(open))[":status"], 200);
  await refused(host.target, 503, "connection_limit_reached");
  const others = client.begin({ ":method": "CONNECT", ":authority": host.target, ...ottos });
  assert.equal((await headOf(others))[":status"], 200);

  await using h1 = await H1Stranger.connect(far.port);
  h1.send(`CONNECT ${host.target} HTTP/1.1\r\nHost: ${host.target}\r\n${GOOD}\r\n`);
  assert.match(await h1.rest(), /^HTTP\/1\.1 503 [^]*proxy-status: gateway; error=connection_l/i);
  await using withoutToken = await H1Stranger.connect(far.port);
  withoutToken.send(`CONNECT ${host.target} HTTP/1.1\r\nHost: ${host.target}\r\n\r\n`);
  assert.match(await withoutToken.rest(), /^HTTP\/1\.1 407 [^]*proxy-authenticate: Bearer/i);

  // The tunnels of a removed user end, and those alone.
  const ended = outcomeOf(open);
  users.update(`otto:${await hashOf("ottos")}`);
  assert.equal((await ended).code, 10);
  others.write("still here");
  assert.ok(!others.closed);
  others.close(8);
});

/** Waits until something is so. */
async function waitFor(isSo: () => boolean): Promise<void> {
  await within(
    (async () => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
    })(),
    20_000,
  );
}
