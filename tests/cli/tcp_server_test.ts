import assert from "node:assert/strict";
import { Failure } from "../../cli/console/failure.ts";
import { PortInUse } from "../../cli/server/port_in_use.ts";
import { TcpServer, withAltSvc } from "../../cli/server/tcp_server.ts";
import { makeIssuedCertificate, type TcpServerLimits } from "../../mod.ts";

const { certPem, keyPem, caPem } = await makeIssuedCertificate(["localhost", "127.0.0.1"]);
const keyPair = { cert: certPem, key: keyPem };
const other = await makeIssuedCertificate(["other.example", "*.wild.example"]);
const BIG = 4_000_000;
const usual: TcpServerLimits = { connections: 20, perAddress: 10, idle: 60_000, stall: 60_000 };

/** A server on 127.0.0.1, with a client for it. */
class Site implements AsyncDisposable {
  readonly server: TcpServer;
  readonly port: number;
  /** What reached the handler. */
  readonly asked: string[];

  private constructor(server: TcpServer, port: number, asked: string[]) {
    this.server = server;
    this.port = port;
    this.asked = asked;
  }

  static async open(limits: TcpServerLimits = {}): Promise<Site> {
    const port = freePort();
    const asked: string[] = [];
    const server = await TcpServer.listen({
      hostnames: ["127.0.0.1"],
      port,
      keyPairs: [keyPair, { cert: other.certPem, key: other.keyPem }],
      handler: async (request) => {
        asked.push(`${request.method} ${new URL(request.url).pathname}`);
        if (request.method === "PUT") {
          return new Response(`${(await request.bytes()).length} bytes`);
        }
        return new Response(new Uint8Array(BIG));
      },
      limits: { ...usual, ...limits },
    });
    return new Site(server, port, asked);
  }

  /** A connection over which nothing is sent. */
  plain(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.port });
  }

  /** A connection with TLS, over which some bytes are sent. */
  async secure(protocol: string, text: string, serverName = "localhost"): Promise<Deno.TlsConn> {
    const conn = await Deno.startTls(await this.plain(), {
      hostname: serverName,
      caCerts: [caPem, other.caPem],
      alpnProtocols: [protocol],
    });
    await conn.write(new TextEncoder().encode(text));
    return conn;
  }

  /** Fetches the big body, as others do. */
  async get(init: Deno.CreateHttpClientOptions = {}, path = "/"): Promise<number> {
    using client = Deno.createHttpClient({ caCerts: [caPem], ...init });
    const response = await fetch(`https://localhost:${this.port}${path}`, { client });
    assert.equal(response.status, 200);
    return (await response.bytes()).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.shutdown();
  }
}

/** A TCP port of 127.0.0.1 that no program has. */
function freePort(): number {
  using free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return free.addr.port;
}

/** Milliseconds until a connection is ended by the server; what it says before is read, or is not. */
async function end(conn: Deno.Conn): Promise<number> {
  const start = performance.now();
  const buffer = new Uint8Array(65_536);
  try {
    while (await conn.read(buffer) !== null);
  } catch {
    // A reset is an end, too.
  }
  conn.close();
  return performance.now() - start;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test("TcpServer ends connections that do not begin a handshake", async () => {
  await using site = await Site.open({ idle: 300 });
  const silent = end(await site.plain());
  const partial = await site.plain();
  await partial.write(new Uint8Array([22, 3, 1, 2, 0, 1])); // the beginning of a ClientHello
  for (const time of await Promise.all([silent, end(partial)])) {
    assert.ok(time > 200 && time < 30_000, `${time} ms`);
  }
  assert.equal(await site.get(), BIG);
});

Deno.test("TcpServer ends connections over which nothing is asked to the end", async () => {
  await using site = await Site.open({ idle: 500 });
  const stalled: [protocol: string, text: string][] = [
    ["http/1.1", ""],
    ["http/1.1", "GET / HTTP/1.1\r\nhost: localhost\r\nx-a: "],
    ["h2", ""],
    ["h2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ];
  const ends = stalled.map(async ([protocol, text]) =>
    await end(await site.secure(protocol, text))
  );
  for (const time of await Promise.all(ends)) assert.ok(time < 30_000, `${time} ms`);
  assert.deepEqual(site.asked, []);
});

Deno.test("TcpServer ends connections of clients that send their fields byte by byte", async () => {
  await using site = await Site.open({ idle: 500 });
  const conn = await site.secure("http/1.1", "GET / HTTP/1.1\r\nhost: localhost\r\nx-a: ");
  let isOver = false;
  const over = end(conn).then(() => isOver = true);
  for (let i = 0; i < 600 && !isOver; i++) {
    await Promise.race([pause(50), over]);
    await conn.write(new Uint8Array([97])).catch(() => {});
  }
  assert.ok(isOver, "what comes in slowly is no excuse");
});

Deno.test("TcpServer ends connections of clients that do not take what they asked for", async () => {
  await using site = await Site.open({ stall: 500 });
  const request = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
  const conn = await site.secure("http/1.1", request.repeat(10));
  await pause(2_500); // nothing is read meanwhile
  const buffer = new Uint8Array(65_536);
  let taken = 0;
  await assert.rejects(async () => {
    for (let length; (length = await conn.read(buffer)) !== null;) taken += length;
    throw new Error("ended without the rest");
  });
  conn.close();
  assert.ok(taken < 10 * BIG, `${taken} bytes came`);
});

Deno.test("TcpServer leaves clients alone that get on, however long it takes", async () => {
  await using site = await Site.open({ idle: 1_000, stall: 20_000 });
  const conn = await site.secure("http/1.1", "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const buffer = new Uint8Array(65_536);
  let taken = 0;
  for (const start = performance.now(); performance.now() - start < 3_000;) {
    taken += await conn.read(buffer) ?? assert.fail("it ended early");
    await pause(100);
  }
  while (taken < BIG) taken += await conn.read(buffer) ?? assert.fail("it ended early");
  assert.ok(taken >= BIG, `${taken} bytes came`);
  conn.close();
});

Deno.test("TcpServer lets no address have all connections, and makes room for others", async () => {
  await using site = await Site.open({ connections: 10, perAddress: 10 });
  const greedy = await Promise.all(Array.from({ length: 15 }, () => site.plain()));
  let ended = 0;
  const ends = greedy.map((conn) =>
    conn.read(new Uint8Array(1)).catch(() => {}).then(() => void ended++)
  );
  for (let i = 0; i < 500 && ended < 5; i++) await pause(10);
  assert.equal(ended, 5, "more than its share it does not get");
  for (let i = 0; i < 3; i++) {
    assert.equal(await site.get({ localAddress: `127.0.1.${i + 1}` }), BIG, "others come in");
  }
  assert.ok(ended > 5, "at its cost");
  greedy.forEach((conn) => conn.close());
  await Promise.all(ends);
});

Deno.test("TcpServer lets no address begin all handshakes, and makes room for others", async () => {
  await using site = await Site.open({ connections: 100, perAddress: 100, handshakes: 3 });
  const silent = await Promise.all(Array.from({ length: 8 }, () => site.plain()));
  let ended = 0;
  const ends = silent.map((conn) =>
    conn.read(new Uint8Array(1)).catch(() => {}).then(() => void ended++)
  );
  for (let i = 0; i < 500 && ended < 5; i++) await pause(10);
  assert.equal(ended, 5, "three of them may wait for their handshake");
  assert.equal(await site.get({ localAddress: "127.0.1.1" }), BIG, "others come in");
  for (let i = 0; i < 500 && ended < 6; i++) await pause(10);
  assert.equal(ended, 6, "at its cost");
  silent.forEach((conn) => conn.close());
  await Promise.all(ends);
});

Deno.test("TcpServer answers so many requests of a connection at a time, and the others later", async () => {
  await using site = await Site.open({ requests: 2 });
  using client = Deno.createHttpClient({ caCerts: [caPem], http1: false });
  const url = `https://localhost:${site.port}/`;
  await fetch(url, { client, method: "HEAD" }); // now there is a connection
  const writers: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>[] = [];
  const answers = [0, 1, 2].map(async (i) => {
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
    writers.push(writable.getWriter());
    return await (await fetch(url + i, { client, method: "PUT", body: readable })).text();
  });
  const puts = () => site.asked.filter((line) => line.startsWith("PUT"));
  for (let i = 0; i < 1_000 && puts().length < 2; i++) await pause(10);
  await pause(300); // by now the third one would have come as well
  assert.equal(puts().length, 2);
  const [first = ""] = puts();
  await writers[Number(first.at(-1))]!.close();
  for (let i = 0; i < 1_000 && puts().length < 3; i++) await pause(10);
  assert.equal(puts().length, 3);
  await Promise.all(writers.map((writer) => writer.close().catch(() => {})));
  assert.deepEqual(await Promise.all(answers), ["0 bytes", "0 bytes", "0 bytes"]);
});

Deno.test("TcpServer answers over HTTP/1.1 and HTTP/2, and points to HTTP/3", async () => {
  await using site = await Site.open();
  assert.equal(await site.get({ http2: false }), BIG);
  assert.equal(await site.get({ http1: false }), BIG);
  using client = Deno.createHttpClient({ caCerts: [caPem] });
  const response = await fetch(`https://localhost:${site.port}/`, { client, method: "HEAD" });
  assert.equal(response.headers.get("alt-svc"), `h3=":${site.port}"; ma=86400`);
});

Deno.test("TcpServer listens on addresses that come later, as long as it is not stopped", async () => {
  await using site = await Site.open();
  const hostnames = ["127.0.0.1", "127.0.0.2", "192.0.2.77"];
  const reach = async (hostname: string) =>
    (await Deno.connect({ hostname, port: site.port })).close();
  await assert.rejects(reach("127.0.0.2"), Deno.errors.ConnectionRefused);
  await Promise.all([site.server.follow(hostnames), site.server.follow(hostnames)]);
  await reach("127.0.0.2");
  const stopped = site.server.shutdown();
  await site.server.follow([...hostnames, "127.0.0.3"]);
  await assert.rejects(reach("127.0.0.3"), Deno.errors.ConnectionRefused);
  await stopped;
});

Deno.test("TcpServer answers 421 for hosts that are not its own, and 400 for what is no host", async () => {
  await using site = await Site.open();
  const others = ["other.example", "OTHER.example:1"].map((host) => [host, 421] as const);
  const ours = ["localhost", "localhost:", "LOCALHOST:443"].map((host) => [host, 200] as const);
  // RFC 9112, Section 3.2.
  const bad = [
    ...["a b", "", "[::1", "[x]", "localhost:99999", "localhost:x", "a@localhost", "localhost/b"],
    ...["localhost\\b", "localhost?b", "localhost#b", "a,localhost", "<x>", "%", "é.localhost"],
    ...["localhost\r\nhost: localhost", undefined],
  ].map((host) => [host, 400] as const);
  for (const [host, status] of [...others, ...ours, ...bad]) {
    assert.equal(await statusFor(site, host), status, String(host));
  }
});

/** The status of an answer to a request that names a host, over a connection for another one. */
async function statusFor(site: Site, host: string | undefined, serverName?: string) {
  const field = host === undefined ? "" : `host: ${host}\r\n`;
  const conn = await site.secure("http/1.1", `HEAD / HTTP/1.1\r\n${field}\r\n`, serverName);
  const buffer = new Uint8Array(4_096);
  const length = await conn.read(buffer) ?? 0;
  conn.close();
  const text = new TextDecoder().decode(buffer.subarray(0, length));
  return Number(/^HTTP\/1.1 (\d{3}) /.exec(text)?.[1]);
}

Deno.test("TcpServer shows the certificate of the name that is asked for, and answers for its hosts", async () => {
  await using site = await Site.open();
  const cases: [serverName: string, host: string, status: number][] = [
    ["localhost", "localhost", 200],
    ["other.example", "other.example", 200],
    ["other.example", "b.wild.example", 200],
    ["OTHER.example", "other.example.", 200],
    ["a.wild.example", "a.wild.example:1", 200],
    ["other.example", "localhost", 421],
    ["other.example", "127.0.0.1", 421],
    ["a.wild.example", "a.b.wild.example", 421],
    ["localhost", "a.wild.example", 421],
    ["127.0.0.1", "127.0.0.1", 200],
  ];
  for (const [serverName, host, status] of cases) {
    assert.equal(await statusFor(site, host, serverName), status, `${host} over ${serverName}`);
  }
  // The first certificate is for names that no other one is good for.
  await assert.rejects(
    site.secure("h2", "", "unknown.example"),
    /only valid for DnsName\("localhost"\)/,
  );
});

Deno.test("TcpServer waits for a body that comes slowly, not for one that does not come", async () => {
  await using site = await Site.open({ idle: 300, stall: 2_500 });
  const fields = "host: localhost\r\ncontent-length: 40\r\n\r\n";
  const conn = await site.secure("http/1.1", `PUT / HTTP/1.1\r\n${fields}`);
  for (let i = 0; i < 40; i++) {
    await pause(50);
    await conn.write(new Uint8Array(1));
  }
  const buffer = new Uint8Array(4_096);
  const length = await conn.read(buffer) ?? 0;
  assert.match(new TextDecoder().decode(buffer.subarray(0, length)), /40 bytes\r\n/);
  conn.close();
  const stalled = await site.secure("http/1.1", `PUT / HTTP/1.1\r\n${fields}`);
  await end(stalled);
  assert.deepEqual(site.asked, ["PUT /", "PUT /"]);
});

Deno.test("TcpServer shows a renewed certificate to those that come, and finishes with the others", async () => {
  await using site = await Site.open();
  const renewed = await makeIssuedCertificate(["localhost"]);
  const conn = await site.secure("http/1.1", "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const buffer = new Uint8Array(65_536);
  let taken = await conn.read(buffer) ?? 0;
  site.server.setCertificates([{ cert: renewed.certPem, key: renewed.keyPem }]);
  await assert.rejects(site.get(), "the old authority did not issue it");
  assert.equal(await site.get({ caCerts: [renewed.caPem] }), BIG);
  while (taken < BIG) taken += await conn.read(buffer) ?? assert.fail("it ended early");
  assert.ok(taken >= BIG, `${taken} bytes came`);
  conn.close();
});

Deno.test("withAltSvc() points to HTTP/3 and keeps everything else", async () => {
  const original = new Response("body", { status: 203, headers: { etag: '"1"' } });
  const response = withAltSvc(original, 6121);
  assert.equal(response.headers.get("alt-svc"), 'h3=":6121"; ma=86400');
  assert.equal(response.headers.get("etag"), '"1"');
  assert.equal(response.status, 203);
  assert.equal(await response.text(), "body");
  assert.equal(withAltSvc(new Response(null, { status: 304 }), 1).body, null);
});

Deno.test("TcpServer needs its port for files; for tunnels alone, UDP will do", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const place = { hostnames: ["127.0.0.2", "127.0.0.1"], port, keyPairs: [keyPair] };
  const told: string[] = [];
  const tell = (text: string) => void told.push(text);
  const files = TcpServer.listen(
    { ...place, handler: () => Promise.resolve(new Response()) },
    tell,
  );
  await assert.rejects(files, (error) => error instanceof Failure && /-port$/.test(error.message));
  const moving = TcpServer.listen({ ...place, handler: undefined, mayMove: true }, tell);
  await assert.rejects(moving, PortInUse, "the system chooses another port");
  assert.deepEqual(told, []);
  const tunnels = await TcpServer.listen({ ...place, handler: undefined }, tell);
  assert.match(told.join(), /^Cannot listen on TCP port \d+ of 127\.0\.0\.1: .*UDP alone$/);
  await tunnels.shutdown();
});

Deno.test("TcpServer sends the end of an answer at once", async () => {
  await using site = await Site.open();
  using client = Deno.createHttpClient({ caCerts: [caPem], http2: false });
  const ask = async () => {
    const body = "x".repeat(100);
    const init = { client, method: "PUT", body };
    const response = await fetch(`https://localhost:${site.port}/`, init);
    return await response.text();
  };
  await ask();
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    assert.equal(await ask(), "100 bytes");
    times.push(performance.now() - start);
  }
  // With Nagle's algorithm, each would wait for an acknowledgement that takes 40 ms.
  times.sort((a, b) => a - b);
  assert.ok(times[4]! < 30, `${times} ms`);
});

Deno.test("PortInUse says what to do", () => {
  assert.match(new PortInUse("UDP", "127.0.0.1", 6121).message, /UDP port 6121 .*with -port$/);
});
