import assert from "node:assert/strict";
import { createSecureServer } from "node:http2";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import v8 from "node:v8";
import vm from "node:vm";
import { responseProtocol } from "../../src/http2/client_exchange.ts";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { answer } from "../../src/http2/exchange.ts";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { TcpClient } from "../../src/http2/tcp_client.ts";
import { Collector } from "../../src/live/collector.ts";
import { RevocationLists } from "../../src/tls/trust/revocation_lists.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { makeRevocable, SERIAL } from "../tls/revocable.ts";

/** A server, and what is asked of it. */
interface Site extends AsyncDisposable {
  readonly url: string;
  readonly asked: Request[];
  /** The ports that requests came from. */
  readonly ports: ReadonlySet<number>;
}

const place = { port: 0, localAddresses: ["127.0.0.1"] };
const soon = <T>(promise: Promise<T>) => within(promise, 20_000);

async function open(handle: (request: Request) => Response | Promise<Response>): Promise<Site> {
  const asked: Request[] = [];
  const ports = new Set<number>();
  const server = await serveTcp({ ...place, cert, key }, (request, { remoteAddr }) => {
    asked.push(request);
    ports.add(remoteAddr.port);
    return handle(request);
  });
  const url = `https://localhost:${server.addrs[0]!.port}`;
  const dispose = async () => await server[Symbol.asyncDispose]();
  return { url, asked, ports, [Symbol.asyncDispose]: dispose };
}

/** A server of HTTP/1.1 alone. */
async function openOld(handle: (request: Request) => Response | Promise<Response>): Promise<Site> {
  const asked: Request[] = [];
  const ports = new Set<number>();
  const server = createServer({ cert, key }, (incoming, outgoing) => {
    ports.add(incoming.socket.remotePort!);
    const client = {
      remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: incoming.socket.remotePort! },
      peerCertificates: [],
      serverName: undefined,
    } as const;
    const treatment = { patience: { timeout: Infinity, rate: 0 }, turns: undefined };
    answer(
      incoming,
      outgoing,
      (request) => {
        asked.push(request);
        return handle(request);
      },
      client,
      treatment,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const dispose = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url, asked, ports, [Symbol.asyncDispose]: dispose };
}

const versions = [["HTTP/2", open], ["HTTP/1.1", openOld]] as const;

for (const [version, start] of versions) {
  Deno.test(`requests go over TCP with ${version}, with content both ways`, async () => {
    await using site = await start(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/none") return new Response(null, { status: 204 });
      if (pathname === "/empty") return new Response(null, { status: 500 });
      const headers = new Headers([["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-is", "a, b"]]);
      const status = pathname === "/moved" ? 302 : 200;
      return new Response(`${request.method} ${(await request.bytes()).length}`, {
        headers,
        status,
      });
    });
    await using client = new TcpClient({ caCerts: [cert] });
    const get = await soon(client.fetch(`${site.url}/a?b=c`, { headers: { "x-of": "me" } }));
    assert.equal(get.headers.get("x-is"), "a, b");
    assert.deepEqual(get.headers.getSetCookie(), ["a=1", "b=2"]);
    assert.equal(await get.text(), "GET 0");
    assert.equal(site.asked[0]!.url, `${site.url}/a?b=c`);
    assert.equal(site.asked[0]!.headers.get("x-of"), "me");
    const named = { headers: { host: "other.example" } };
    assert.equal(await (await soon(client.fetch(`${site.url}/a`, named))).text(), "GET 0");
    assert.equal(site.asked.pop()!.url, "https://other.example/a");
    const large = new Uint8Array(1_000_000);
    const put = await soon(client.fetch(`${site.url}/a`, { method: "PUT", body: large }));
    assert.equal(await put.text(), "PUT 1000000");
    assert.equal(site.asked[1]!.headers.get("content-length"), "1000000");
    const body = ReadableStream.from([large, new Uint8Array(3)]);
    const post = await soon(client.fetch(`${site.url}/a`, { method: "POST", body }));
    assert.equal(await post.text(), "POST 1000003");
    for (const [path, method, status] of [["/none", "GET", 204], ["/a", "HEAD", 200]] as const) {
      const response = await soon(client.fetch(site.url + path, { method }));
      assert.deepEqual([response.status, response.body], [status, null]);
    }
    const empty = await soon(client.fetch(`${site.url}/empty`));
    assert.deepEqual([empty.status, await soon(empty.text())], [500, ""]);
    const moved = await soon(client.fetch(`${site.url}/moved`));
    assert.deepEqual([moved.status, await moved.text()], [302, "GET 0"]);
    const most = version === "HTTP/2" ? 1 : 4; // content that may not come twice has its own
    assert.ok(site.ports.size <= most, "one connection has carried all");
    const many = await Promise.all(Array.from({ length: 20 }, async (_, i) => {
      return await (await soon(client.fetch(`${site.url}/${i}`))).text();
    }));
    assert.deepEqual(new Set(many), new Set(["GET 0"]));
  });

  Deno.test(`an answer over ${version} that breaks off is an error, and no end`, async () => {
    await using site = await start(() => {
      let count = 0;
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (count++ === 0) return controller.enqueue(new Uint8Array(1_000));
          await new Promise((resolve) => setTimeout(resolve, 100));
          controller.error(new Error("It has failed"));
        },
      });
      return new Response(body);
    });
    await using client = new TcpClient({ caCerts: [cert] });
    const response = await soon(client.fetch(site.url));
    await assert.rejects(soon(response.bytes()), TypeError);
  });

  Deno.test(`a signal ends a request over ${version} at any time`, async () => {
    const gone = Promise.withResolvers<void>();
    await using site = await start((request) => {
      if (new URL(request.url).pathname === "/never") return new Promise(() => {});
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(10)),
          cancel: () => gone.resolve(),
        }),
      );
    });
    await using client = new TcpClient({ caCerts: [cert] });
    const reason = new Error("enough");
    const abort = new AbortController();
    const waiting = client.fetch(`${site.url}/never`, { signal: abort.signal });
    setTimeout(() => abort.abort(reason), 300);
    await assert.rejects(soon(waiting), reason);
    await assert.rejects(soon(client.fetch(site.url, { signal: abort.signal })), reason);
    const later = new AbortController();
    const response = await soon(client.fetch(site.url, { signal: later.signal }));
    const reader = response.body!.getReader();
    assert.equal((await soon(reader.read())).value?.length, 10);
    later.abort(reason);
    await assert.rejects(soon(reader.read()), reason);
    await soon(gone.promise);
  });

  Deno.test(`an application that fails to make content hears of it, over ${version}`, async () => {
    await using site = await start(async (request) => new Response(await request.bytes()));
    await using client = new TcpClient({ caCerts: [cert] });
    const failure = new Error("no more");
    const body = new ReadableStream({ pull: (controller) => controller.error(failure) });
    await assert.rejects(soon(client.fetch(site.url, { method: "POST", body })), failure);
  });

  Deno.test(`live views show connections over ${version}`, async () => {
    const collector = new Collector(Date.now);
    await using site = await start((request) => new Response(request.body));
    const client = new TcpClient({ caCerts: [cert] });
    const text = "x".repeat(10_000);
    const response = await soon(client.fetch(site.url, { method: "PUT", body: text }));
    assert.equal(await response.text(), text);
    const name = version === "HTTP/2" ? "h2 over TCP" : "http/1.1 over TCP";
    const shown = () =>
      collector.report().connections.filter(({ facts }) =>
        facts?.role === "client" && facts.protocol === name
      );
    const [connection, ...others] = shown();
    assert.equal(others.length, 0);
    assert.ok(connection!.received >= 10_000, `${connection!.received}`);
    await soon(client.close());
    assert.equal(shown()[0]!.end !== undefined, true, "it is over");
    collector.stop();
  });
}

/** A server that answers each request with the bytes of a text, one to the other. */
function raw(...answers: string[]): { url: string; count: () => number } & Disposable {
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key });
  let count = 0;
  (async () => {
    for await (const connection of listener) serveRaw(connection).catch(() => {});
  })().catch(() => {});
  /** An empty text ends the connection once it has been asked something. */
  async function serveRaw(connection: Deno.TlsConn): Promise<void> {
    using _closing = connection;
    const buffer = new Uint8Array(65_536);
    while (await connection.read(buffer) !== null) {
      const text = answers[count++] ?? "";
      if (text === "") return;
      await connection.write(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
      if (text.includes("close")) return;
    }
  }
  const url = `https://localhost:${(listener.addr as Deno.NetAddr).port}/`;
  return { url, count: () => count, [Symbol.dispose]: () => listener.close() };
}

Deno.test("answers over HTTP/1.1 are whole or errors, whatever a server does", async () => {
  const cases: [answer: string, text: string | RegExp][] = [
    ["HTTP/1.1 200 OK\r\nx: \xe9\r\ncontent-length: 2\r\n\r\n\xe9!", "\xe9\xe9!"],
    ["HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nto the end", "to the end"],
    ["HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", "a"],
    ["HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nshort", /Cannot go on/],
    [
      "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
      /Cannot go on/,
    ],
    ["HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n", /status 999/],
    ["close: this is no HTTP\r\n\r\n", /Cannot go on/],
    ["", /Cannot go on/],
  ];
  for (const [text, expected] of cases) {
    using server = raw(text);
    await using client = new TcpClient({ caCerts: [cert] });
    const whole = async () => {
      const response = await client.fetch(server.url);
      const bytes = await response.bytes();
      return (response.headers.get("x") ?? "") + String.fromCharCode(...bytes);
    };
    if (typeof expected === "string") assert.equal(await soon(whole()), expected);
    else await assert.rejects(soon(whole()), expected, text);
  }
});

Deno.test("a kept connection that has ended is replaced, where that does no harm", async () => {
  const fine = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na";
  using old = raw(fine, "", fine, "");
  let count = 0;
  const server = createSecureServer({ cert, key });
  server.on("stream", (stream) => {
    if (count++ % 2 === 1) return void stream.session?.destroy();
    stream.respond({ ":status": 200 });
    stream.end("a");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  for (const [place, asked] of [[old.url, old.count], [url, () => count]] as const) {
    await using client = new TcpClient({ caCerts: [cert] });
    const ask = async (init: RequestInit = {}) => await (await client.fetch(place, init)).text();
    assert.equal(await soon(ask()), "a");
    assert.equal(await soon(ask()), "a");
    assert.equal(asked(), 3, "the second request was sent twice");
    await assert.rejects(soon(ask({ method: "POST", body: "once" })), TypeError);
    assert.equal(asked(), 4);
  }
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a request that ends every connection is made once more, and no more", async () => {
  let asked = 0;
  const server = createSecureServer({ cert, key });
  server.on("stream", (stream, fields) => {
    stream.on("error", () => {});
    if (fields[":path"] === "/fine") {
      return void stream.respond({ ":status": 204 }, { endStream: true });
    }
    asked++;
    stream.session!.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  await using client = new TcpClient({ caCerts: [cert] });
  assert.equal((await soon(client.fetch(`${url}/fine`))).status, 204);
  await assert.rejects(soon(client.fetch(`${url}/fatal`)), TypeError);
  assert.equal(asked, 2);
  await client.close();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a client over TCP asks lists of revoked certificates", async () => {
  const { ca, identity, listOf } = makeRevocable();
  const asked: string[] = [];
  await using server = await serveTcp({ ...place, ...identity }, ({ url }) => {
    asked.push(new URL(url).pathname);
    return new Response("fine");
  });
  const url = `https://127.0.0.1:${server.addrs[0]!.port}`;
  const lists = (...serials: number[]) => new RevocationLists([listOf(serials)]);
  const caCerts = [ca];
  await using good = new TcpClient({ caCerts, revocation: lists(SERIAL + 1) });
  assert.equal(await (await soon(good.fetch(`${url}/good`))).text(), "fine");
  await using bad = new TcpClient({ caCerts, revocation: lists(SERIAL) });
  for (const path of ["/1", "/2"]) {
    await assert.rejects(soon(bad.fetch(url + path)), { code: 0x12c });
  }
  await using stranger = new TcpClient({ caCerts: [cert] });
  await assert.rejects(soon(stranger.fetch(url)), { code: 0x12a });
  await using other = new TcpClient({ caCerts });
  await assert.rejects(soon(other.fetch(url.replace("127.0.0.1", "localhost"))), { code: 0x12a });
  assert.deepEqual(asked, ["/good"]);
});

Deno.test("a request that is given up before its connection is begun leaves no failure behind", async () => {
  const server = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `https://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
  server.close(); // connections are refused there
  await using client = new TcpClient({ caCerts: [cert] });
  for (let turns = 0; turns < 8; turns++) {
    const givenUp = new AbortController();
    const asked = client.fetch(url, { signal: givenUp.signal });
    const failed = assert.rejects(asked, { name: "AbortError" });
    for (let i = 0; i < turns; i++) await null;
    givenUp.abort();
    await failed;
    // A failure that no request waits for ends the test, as it would end a program.
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
});

Deno.test("a server that says nothing in HTTP/2 is no connection, as a TypeError says", async () => {
  const server = createTlsServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
    socket.on("error", () => {});
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using client = new TcpClient({ caCerts: [cert] });
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  const message = /^Cannot connect over TCP: /;
  await assert.rejects(soon(client.fetch(url)), { name: "TypeError", message });
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a server that does not answer in time is no connection, as a TypeError says", async () => {
  // One takes connections, and says nothing; the other ends the handshake, and says nothing then.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sockets: TLSSocket[] = [];
  const server = createTlsServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using client = new TcpClient({ caCerts: [cert] });
  const ports = [silent.addr.port, (server.address() as AddressInfo).port];
  await Promise.all(ports.map(async (port) => {
    const message = "Cannot connect over TCP: the server did not answer in time";
    const asked = soon(client.fetch(`https://localhost:${port}/`));
    await assert.rejects(asked, { name: "TypeError", message });
  }));
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("a response over TCP says what it came over, and its reason if there is one", async () => {
  for (
    const [make, protocol, reason] of [[open, "HTTP/2", ""], [openOld, "HTTP/1.1", "OK"]] as const
  ) {
    await using site = await make(() => new Response("fine"));
    await using client = new TcpClient({ caCerts: [cert] });
    const response = await soon(client.fetch(site.url));
    assert.deepEqual([responseProtocol(response), response.statusText], [protocol, reason]);
    assert.equal(await response.text(), "fine");
  }
  const answers = ["1.0 200 Well\t\xfc", "1.1 200 a\x80"].map((line) =>
    `HTTP/${line}\r\ncontent-length: 0\r\n\r\n`
  );
  using server = raw(...answers);
  await using client = new TcpClient({ caCerts: [cert] });
  for (const [protocol, reason] of [["HTTP/1.0", "Well\t\xfc"], ["HTTP/1.1", "a\x80"]]) {
    const response = await soon(client.fetch(server.url));
    await response.bytes();
    assert.deepEqual([responseProtocol(response), response.statusText], [protocol, reason]);
  }
  assert.equal(responseProtocol(new Response()), undefined);
});

Deno.test("responses over TCP that cannot be read any more are given up", async () => {
  for (const make of [open, openOld]) {
    let cancelled = 0;
    await using site = await make(() => {
      const pull = (controller: ReadableStreamDefaultController) =>
        controller.enqueue(new Uint8Array(50_000));
      return new Response(new ReadableStream({ pull, cancel: () => void cancelled++ }));
    });
    await using client = new TcpClient({ caCerts: [cert] });
    const ask = async () => await soon(client.fetch(site.url));
    const kept = [await ask(), (await ask()).body!, (await ask()).body!.getReader()] as const;
    for (let i = 0; i < 5; i++) await ask();
    await until(() => cancelled === 5);
    const readers = [kept[0].body!.getReader(), kept[1].getReader(), kept[2]];
    for (const reader of readers) assert.ok((await soon(reader.read())).value!.length > 0);
    assert.equal(cancelled, 5);
    for (const reader of readers) await reader.cancel();
  }
});

Deno.test("a response over TCP that a caller waits for is not given up", async () => {
  for (const make of [open, openOld]) {
    const gate = Promise.withResolvers<void>();
    await using site = await make(() => {
      const start = (controller: ReadableStreamDefaultController) =>
        controller.enqueue(new Uint8Array(5));
      const pull = async (controller: ReadableStreamDefaultController) => {
        await gate.promise;
        controller.enqueue(new Uint8Array(5));
        controller.close();
      };
      return new Response(new ReadableStream({ start, pull }));
    });
    await using client = new TcpClient({ caCerts: [cert] });
    const begun = Promise.withResolvers<void>();
    const reading = client.fetch(site.url).then((response) => {
      begun.resolve();
      return response.bytes();
    });
    // On a busy machine a connection may take too long; the test tells, at its end.
    reading.catch(begun.reject);
    await soon(begun.promise);
    let looks = 0;
    await until(() => looks++ === 10);
    gate.resolve();
    assert.equal((await soon(reading)).length, 10);
  }
});

/** Waits until something is so, while garbage is collected. */
async function until(holds: () => boolean): Promise<void> {
  v8.setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = vm.runInNewContext("gc");
  for (let i = 0; i < 1_000; i++) {
    if (holds()) return;
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail("waited in vain");
}

Deno.test("a client over TCP that is closed makes no connection, and waits for none", async () => {
  // It takes connections, and says nothing.
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const begun = performance.now();
  const waiting = new TcpClient({ caCerts: [cert] });
  const asked = waiting.fetch(`https://127.0.0.1:${silent.addr.port}/`);
  const failed = assert.rejects(asked, { message: "Cannot fetch: the client is closed" });
  using _connection = await silent.accept();
  await waiting.close();
  await failed;
  assert.ok(performance.now() - begun < 5_000, "it does not wait for the connection");
  await using site = await open(() => new Response("fine"));
  for (let turns = 0; turns < 12; turns++) {
    const client = new TcpClient({ caCerts: [cert] });
    const refused = assert.rejects(soon(client.fetch(site.url)), TypeError);
    // The request may be anywhere on its way to a connection.
    for (let i = 0; i < turns; i++) await null;
    await client.close();
    await refused;
    await assert.rejects(soon(client.fetch(site.url)), TypeError);
  }
  assert.deepEqual(site.asked, []);
});

Deno.test("a client over TCP keeps connections for as long as it is told to", async () => {
  for (const make of [open, openOld]) {
    await using site = await make(() => new Response("fine"));
    await using client = new TcpClient({ caCerts: [cert], idleTimeout: 500 });
    const ask = async () => await (await soon(client.fetch(site.url))).text();
    for (let i = 0; i < 4; i++) {
      assert.equal(await ask(), "fine");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    assert.equal(site.ports.size, 1, "it is used again in time");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(await ask(), "fine");
    assert.equal(site.ports.size, 2, "it has ended");
  }
});
