import assert from "node:assert/strict";
import { connectTcp } from "../../src/proxy/connect_tcp.ts";
import { connectUdp } from "../../src/proxy/connect_udp.ts";
import { RevocationLists } from "../../src/tls/trust/revocation_lists.ts";
import { integer, time } from "../tls/der_writer.ts";
import { alternativeNames, authority, forge, generalName } from "../tls/forge.ts";
import { forgeList, pem } from "../tls/forge_list.ts";
import { ProxyError } from "../../src/proxy/proxy_client.ts";
import type { TunnelOptions, TunnelTransport } from "../../src/proxy/tunnel_options.ts";
import { Collector } from "../../src/live/collector.ts";
import { makeDevelopmentCertificate } from "../../src/io/development_certificate.ts";
import { cert } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { nativeTest } from "../io/native/tier.ts";
import { farSide, ResettingHost, says, TcpHost, token } from "./far_side.ts";
import { tcpFarSide } from "./tcp_far_side.ts";
import { SwallowingPath } from "./swallowing_path.ts";

/** Handshakes over two transports take long on a machine that is busy. */
function soon<T>(promise: Promise<T>): Promise<T> {
  return within(promise, 30_000);
}

const bytes = (text: string) => new TextEncoder().encode(text);

function near(told: TunnelTransport[], more: Partial<TunnelOptions> = {}): TunnelOptions {
  return {
    caCerts: [cert],
    localAddresses: ["127.0.0.1"],
    idleTimeout: 1_000,
    token,
    fallback: "tcp",
    fallbackDelay: 50,
    onTransport: (transport) => void told.push(transport),
    ...more,
  };
}

async function hello(url: string, target: string, options: TunnelOptions): Promise<void> {
  const tunnel = await soon(connectTcp(url, target, options));
  assert.equal(await soon(new Response(tunnel.readable).text()), "hello");
  tunnel.writable.close().catch(() => {});
}

Deno.test("tunnels go over TCP even if the application cannot hear of that", async () => {
  await using host = new TcpHost(says("hello"));
  await using far = await tcpFarSide();
  const onTransport = () => {
    throw new Error("nothing listens any more");
  };
  await hello(`https://localhost:${far.port}`, host.target, near([], { onTransport }));
});

Deno.test("tunnels go over TCP where nothing is heard over UDP, and say so once", async () => {
  await using host = new TcpHost(async ({ readable, writable }) => {
    const { length } = await new Response(readable).bytes();
    const writer = writable.getWriter();
    await writer.write(bytes(`got ${length}`));
    await writer.close();
  });
  const echo = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const [data, from] of echo) await echo.send(data, from);
  })().catch(() => {});
  await using far = await tcpFarSide();
  const url = `https://localhost:${far.port}`;
  const told: TunnelTransport[] = [];
  const options = near(told);
  const tunnel = await soon(connectTcp(url, host.target, { ...options, first: bytes("ab") }));
  const writer = tunnel.writable.getWriter();
  for (let i = 0; i < 10; i++) await soon(writer.write(new Uint8Array(50_000)));
  await soon(writer.close());
  assert.equal(await soon(new Response(tunnel.readable).text()), "got 500002");
  await soon(tunnel.closed);

  const target = `127.0.0.1:${(echo.addr as Deno.NetAddr).port}`;
  const udp = await soon(connectUdp(url, target, options));
  for (const size of [0, 1, 1_400, 9_000]) {
    const data = new Uint8Array(size).fill(size);
    await udp.send(data);
    assert.deepEqual(await soon(udp.read()), data, `${size}`);
  }
  udp.close();
  assert.equal(await soon(udp.read()), undefined);
  await soon(udp.closed);
  echo.close();
  assert.deepEqual(told, ["tcp"]);

  const wrong = connectTcp(url, host.target, { ...options, token: "wrong" });
  await assert.rejects(
    soon(wrong),
    (error) => error instanceof ProxyError && error.status === 407,
  );
  const refused = connectUdp(url, "127.0.0.1:53", options);
  await assert.rejects(soon(refused), { type: "destination_ip_prohibited" });
});

Deno.test("a tunnel over TCP breaks by a chunk that cannot be sent", async () => {
  const heard = Promise.withResolvers<unknown>();
  await using host = new TcpHost(async ({ readable }) => {
    await new Response(readable).text().then(heard.resolve, heard.resolve);
  });
  await using far = await tcpFarSide();
  const tunnel = await soon(connectTcp(`https://localhost:${far.port}`, host.target, near([])));
  const writer = tunnel.writable.getWriter();
  writer.closed.catch(() => {});
  await soon(writer.write(bytes("begin")));
  await assert.rejects(soon(writer.write("text" as unknown as Uint8Array)), TypeError);
  await soon(tunnel.closed);
  await soon(heard.promise);
});

Deno.test("tunnels go over QUIC again when that works", async () => {
  await using host = new TcpHost(says("hello"));
  await using far = await tcpFarSide();
  const url = `https://localhost:${far.port}`;
  const told: TunnelTransport[] = [];
  const options = near(told, { probeInterval: 100, handshakeTimeout: 500 });
  await hello(url, host.target, options);
  assert.deepEqual(told, ["tcp"]);
  const { server, http } = farSide({}, far.port);
  await using _ = server;
  while (told.length < 2) await hello(url, host.target, options);
  assert.deepEqual(told, ["tcp", "quic"]);
  await hello(url, host.target, options);
  assert.ok(http.stats!.connections.held >= 1);
});

Deno.test("tunnels go over TCP when QUIC falls silent, and back when it speaks again", async () => {
  await using host = new TcpHost(says("hello"));
  const { server, http } = farSide();
  await using _ = server;
  using path = new SwallowingPath(http.addr.port);
  await using __ = await tcpFarSide({}, path.port);
  const url = `https://localhost:${path.port}`;
  const told: TunnelTransport[] = [];
  const options = near(told, { native: "off", fallbackDelay: 5_000, probeInterval: 100 });
  await hello(url, host.target, options);
  path.swallowAll();
  await hello(url, host.target, { ...options, fallbackDelay: 50 });
  assert.deepEqual(told, ["tcp"]);
  path.carry();
  while (told.length < 2) await hello(url, host.target, options);
  assert.deepEqual(told, ["tcp", "quic"]);
});

Deno.test("over TCP a certificate is judged as over QUIC", async () => {
  await using host = new TcpHost(says("hello"));
  await using far = await tcpFarSide();
  const url = `https://localhost:${far.port}`;
  const other = await makeDevelopmentCertificate(["localhost"]);
  const quick = { handshakeTimeout: 500 };
  const fails = async (more: Partial<TunnelOptions>) =>
    await assert.rejects(soon(connectTcp(url, host.target, near([], { ...quick, ...more }))));
  await fails({ caCerts: [other.certPem] });
  await fails({ serverName: "other.example" });
  const hashes = [{ algorithm: "sha-256", value: new Uint8Array(32) }];
  await fails({ serverCertificateHashes: hashes });
  const { caCerts: _, ...without } = near([], quick);
  await assert.rejects(soon(connectTcp(url, host.target, without)));
  await hello(url, host.target, { ...without, insecure: true });
  await hello(`https://127.0.0.1:${far.port}`, host.target, near([]));
});

Deno.test("distrust over TCP is told soon where nothing is heard over UDP", async () => {
  await using far = await tcpFarSide();
  const { certPem } = await makeDevelopmentCertificate(["localhost"]);
  const options = near([], { caCerts: [certPem], handshakeTimeout: 8_000 });
  const begun = performance.now();
  const asked = connectTcp(`https://localhost:${far.port}`, "127.0.0.1:1", options);
  await assert.rejects(soon(asked), { code: 0x12a });
  const taken = performance.now() - begun;
  assert.ok(taken < 6_000, `${taken} ms`);
});

Deno.test("QUIC that comes a little later than distrust over TCP is trusted", async () => {
  await using host = new TcpHost(says("hello"));
  const { server, http } = farSide();
  await using _ = server;
  using path = new SwallowingPath(http.addr.port, 150);
  const other = await makeDevelopmentCertificate(["localhost"]);
  await using __ = await tcpFarSide({}, path.port, { cert: other.certPem, key: other.keyPem });
  const told: TunnelTransport[] = [];
  await hello(`https://localhost:${path.port}`, host.target, near(told, { native: "off" }));
  assert.deepEqual(told, []);
});

Deno.test("over TCP lists of revoked certificates are asked, as over QUIC", async () => {
  await using host = new TcpHost(says("hello"));
  const now = Date.now();
  const times = { notBefore: now - 3_600_000, notAfter: now + 3_600_000 };
  const root = forge({ subject: "root", extensions: [authority()], ...times });
  const middle = forge({
    ...{ subject: "middle", issuer: root, serial: integer(7), extensions: [authority()] },
    ...times,
  });
  const leaf = forge({
    ...{ subject: "far", issuer: middle, serial: integer(8) },
    extensions: [alternativeNames(generalName.dns("localhost"))],
    ...times,
  });
  const chain = pem(leaf.der, "CERTIFICATE") + pem(middle.der, "CERTIFICATE");
  const key = leaf.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  await using far = await tcpFarSide({}, 0, { cert: chain, key });
  const url = `https://localhost:${far.port}`;
  const listOf = (issuer: typeof root, ...serials: number[]) =>
    pem(forgeList({
      issuer,
      serials: serials.map((serial) => integer(serial)),
      thisUpdate: times.notBefore,
      nextUpdate: time(times.notAfter),
    }));
  const quick = { handshakeTimeout: 500 };
  const ask = (revocation: RevocationLists) =>
    hello(
      url,
      host.target,
      near([], { ...quick, caCerts: [pem(root.der, "CERTIFICATE")], revocation }),
    );
  const ofRoot = listOf(root);
  await ask(new RevocationLists([ofRoot, listOf(middle, 9)]));
  const revoked = new RevocationLists([ofRoot, listOf(middle, 8)]);
  await assert.rejects(ask(revoked), { code: 0x12c });
  await assert.rejects(ask(new RevocationLists([listOf(root, 7), listOf(middle)])), {
    code: 0x12c,
  });
  await assert.rejects(ask(new RevocationLists([ofRoot])), { code: 0x12e });
  // A connection that is kept has been judged by other lists.
  const kept = new RevocationLists([ofRoot, listOf(middle)]);
  await ask(kept);
  await assert.rejects(ask(revoked), { code: 0x12c });
});

nativeTest("resets are carried over TCP, both ways", async () => {
  await using host = new ResettingHost();
  await using far = await tcpFarSide();
  const url = `https://localhost:${far.port}`;
  const first = await soon(connectTcp(url, host.target, near([])));
  await first.writable.abort(new Error("enough"));
  assert.equal((await soon(host.outcome) as { code?: number }).code, 0x10f);
  const second = await soon(connectTcp(url, host.target, near([])));
  await second.writable.getWriter().write(bytes("go"));
  const text = new Response(second.readable).text();
  await assert.rejects(soon(text), (error) => (error as { code?: number }).code === 0x10f);
  await soon(second.closed);
});

Deno.test("a live view shows both ends of tunnels over TCP, until the connection is over", async () => {
  await using host = new TcpHost(({ readable, writable }) => {
    readable.pipeTo(writable).catch(() => {});
  });
  const collector = new Collector(Date.now);
  const far = await tcpFarSide();
  const options = near([], { idleTimeout: 100 });
  const tunnel = await soon(connectTcp(`https://localhost:${far.port}`, host.target, options));
  const writer = tunnel.writable.getWriter();
  const reading = new Response(tunnel.readable).bytes();
  await soon(writer.write(new Uint8Array(300_000)));
  const open = collector.report().connections;
  assert.deepEqual(open.map(({ facts }) => facts.protocol), Array(2).fill("h2 over TCP"));
  assert.deepEqual(open.map(({ facts }) => facts.serverName), Array(2).fill("localhost"));
  assert.deepEqual(open.map(({ streams }) => streams), [1, 1]);
  const client = open.find(({ facts }) => facts.role === "client")!;
  assert.equal(client.facts.peer, `127.0.0.1:${far.port}`);
  await soon(writer.close());
  assert.equal((await soon(reading)).length, 300_000);
  await soon(tunnel.closed);
  const ended = new Map<string, { readonly received: number; readonly sent: number }>();
  while (ended.size < 2) {
    for (const { facts, received, sent, end } of collector.report().connections) {
      if (end !== undefined) ended.set(facts.role, { received, sent });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  collector.stop();
  await far[Symbol.asyncDispose]();
  for (const { received, sent } of ended.values()) {
    assert.ok(received > 300_000 && sent > 300_000, `${received}, ${sent}`);
  }
});
