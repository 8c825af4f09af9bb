import assert from "node:assert/strict";
import type { ConnectOptions } from "../../src/api/options/options.ts";
import type { FetchInit } from "../../src/http3/options.ts";
import { responseTrailers } from "../../src/http3/client/client_exchange.ts";
import { createFetch, type Fetch } from "../../src/http3/client/fetcher.ts";
import { type H3Server, serveConnection } from "../../src/http3/server/server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import { urgencyOrder } from "../../src/scheduler/stream_order.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

interface Site {
  readonly fetch: Fetch;
  readonly connects: ConnectOptions[];
  readonly servers: H3Server[];
  readonly transports: MemoryTransport[];
}

/** Every connection leads to a new server with the same handler. */
function site(handler: RequestHandler): Site {
  const connects: ConnectOptions[] = [];
  const servers: H3Server[] = [];
  const transports: MemoryTransport[] = [];
  const fetch = createFetch((options) => {
    connects.push(options);
    const [client, server] = MemoryTransport.pair();
    servers.push(serveConnection(server, handler));
    transports.push(server);
    return Promise.resolve(client);
  });
  return { fetch, connects, servers, transports };
}

const brief = { idleTimeout: 20 };

Deno.test("fetch() connects to the URL's host and port and uses the connection again", async () => {
  const { fetch, connects } = site((request) => new Response(request.url));
  const [first, second] = await Promise.all([
    fetch("https://example.com/a", brief),
    fetch(new URL("https://example.com/b"), brief),
  ]);
  assert.equal(await first.text(), "https://example.com/a");
  assert.equal(await second.text(), "https://example.com/b");
  await (await fetch(new Request("https://example.com/c"), brief)).text();
  assert.equal(connects.length, 1);
  const { onSession, signal, ...connected } = connects[0]!;
  assert.ok(onSession && signal);
  assert.deepEqual(connected, {
    hostname: "example.com",
    port: 443,
    alpnProtocols: ["h3"],
    streamOrder: urgencyOrder,
    session: undefined,
  });
  await (await fetch("https://[::1]:4433/", brief)).text();
  assert.equal(connects[1]!.hostname, "::1");
  assert.equal(connects[1]!.port, 4433);
});

Deno.test("fetch() makes another connection for other options", async () => {
  const { fetch, connects } = site(() => new Response());
  const schedulers = [() => undefined, () => undefined];
  for (let round = 0; round < 2; round++) {
    for (const scheduler of schedulers) await fetch("https://a/", { ...brief, scheduler });
    await fetch("https://a/", { ...brief, localAddresses: ["lo"] });
    // Written out again for each request, as they mostly are.
    await fetch("https://a/", { ...brief, paths: [{ localAddress: "lo" }] });
    await fetch("https://a/", { ...brief, method: "POST", headers: { a: "b" } });
  }
  assert.equal(connects.length, 5);
  assert.deepEqual(connects[3]!.paths, [{ localAddress: "lo" }]);
});

Deno.test("fetch() closes unused connections", async () => {
  const { fetch, connects, transports } = site(() => new Response("x"));
  await (await fetch("https://a/", brief)).text();
  assert.equal((await within(transports[0]!.closed)).closeCode, 0x100);
  await (await fetch("https://a/", brief)).text();
  assert.equal(connects.length, 2);
});

Deno.test("fetch() says where the response came from", async () => {
  const { fetch } = site(() => new Response());
  const response = await fetch("https://a/b?c#d", brief);
  assert.equal(response.url, "https://a/b?c");
  assert.equal(response.redirected, false);
  assert.equal(response.type, "basic");
  assert.equal(response.ok, true);
});

Deno.test("fetch() says what the platform says of itself, unless it is told otherwise", async () => {
  const { fetch } = site((request) => Response.json(Object.fromEntries(request.headers)));
  assert.deepEqual(await (await fetch("https://a/", brief)).json(), {
    accept: "*/*",
    "user-agent": navigator.userAgent,
    priority: "u=3, i",
  });
  const headers = { accept: "text/html", "user-agent": "me" };
  assert.deepEqual(await (await fetch("https://a/", { ...brief, headers })).json(), {
    ...headers,
    priority: "u=3, i",
  });
});

Deno.test("fetch() makes a field of the user that the URL names", async () => {
  const { fetch } = site((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/named") return Response.redirect("https://other:secret@b/", 307);
    if (pathname === "/away") return Response.redirect("https://b/", 307);
    return new Response(`${request.url} ${request.headers.get("authorization")}`);
  });
  const answer = async (url: string, headers: HeadersInit = {}) => {
    const response = await fetch(url, { ...brief, headers });
    assert.ok(!response.url.includes("@"));
    return await response.text();
  };
  assert.equal(
    await answer("https://us%3aer:p%C3%A9@a/"),
    `https://a/ Basic ${btoa("us:er:p\xc3\xa9")}`,
  );
  assert.equal(await answer("https://%ff%@a/"), `https://a/ Basic ${btoa("\xff%:")}`);
  assert.equal(await answer("https://user@a/"), `https://a/ Basic ${btoa("user:")}`);
  assert.equal(
    await answer("https://u:p@a/", { authorization: "Bearer x" }),
    "https://a/ Bearer x",
  );
  assert.equal(await answer("https://u:p@a/away"), "https://b/ null", "another origin");
  assert.equal(await answer("https://u:p@a/named"), `https://b/ Basic ${btoa("other:secret")}`);
});

Deno.test("fetch() follows redirects as the platform does", async () => {
  const seen: string[] = [];
  const { fetch } = site(async (request) => {
    const { pathname, host } = new URL(request.url);
    const auth = request.headers.get("authorization");
    seen.push(`${request.method} ${host}${pathname} ${await request.text()} ${auth}`);
    const status = Number(pathname.slice(1));
    const location = status === 307 ? "https://b/end" : "/end";
    return status ? new Response(null, { status, headers: { location } }) : new Response("end");
  });
  const init = { ...brief, headers: { authorization: "x" } };
  for (const status of [301, 303, 307, 308]) {
    const response = await fetch(`https://a/${status}`, { ...init, method: "POST", body: "p" });
    assert.equal(await response.text(), "end");
    assert.equal(response.redirected, true);
    assert.equal(response.url, status === 307 ? "https://b/end" : "https://a/end");
  }
  assert.deepEqual(seen.filter((line) => line.includes("end")), [
    "GET a/end  x",
    "GET a/end  x",
    "POST b/end p null",
    "POST a/end p x",
  ]);
  const manual = await fetch("https://a/302", { ...init, redirect: "manual" });
  assert.equal(manual.status, 302);
  await assert.rejects(fetch("https://a/302", { ...init, redirect: "error" }), TypeError);
});

Deno.test("fetch() gives up on redirects without end, to other schemes, and of streams", async () => {
  const { fetch } = site((request) => {
    const location = request.url.endsWith("http") ? "http://a/" : "/loop";
    return new Response(null, { status: 307, headers: { location } });
  });
  await assert.rejects(fetch("https://a/loop", brief), /more than 20/);
  await assert.rejects(fetch("https://a/http", brief), /not an https URL/);
  await assert.rejects(fetch("http://a/", brief), /not an https URL/);
  const body = new Response("stream").body!;
  await assert.rejects(fetch("https://a/x", { ...brief, method: "POST", body }), /second time/);
});

Deno.test("fetch() announces the length of bodies it knows", async () => {
  const { fetch } = site((request) => new Response(request.headers.get("content-length")));
  const bodies = ["four", new Uint8Array(5), new Blob(["sixsix"]), new URLSearchParams("a=bcdefg")];
  for (const [i, body] of bodies.entries()) {
    const response = await fetch("https://a/", { ...brief, method: "POST", body });
    assert.equal(await response.text(), ["4", "5", "6", "8"][i]);
    if (body instanceof Blob) continue;
    const again = await fetch(new Request("https://a/", { method: "POST", body }), brief);
    assert.equal(await again.text(), ["4", "5", "6", "8"][i], "of a request");
  }
  for (
    const [method, length] of [["POST", "0"], ["PUT", "0"], ["DELETE", ""], ["GET", ""]] as const
  ) {
    assert.equal(await (await fetch("https://a/", { ...brief, method })).text(), length);
    assert.equal(await (await fetch(new Request("https://a/", { method }), brief)).text(), length);
  }
});

Deno.test("fetch() sends what requests hold again, and streams as they come", async () => {
  const { fetch, servers } = site(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/307") return new Response(null, { status: 307, headers: { location: "/" } });
    return new Response(await request.text());
  });
  const post = (path: string, body: BodyInit) =>
    fetch(new Request(`https://a/${path}`, { method: "POST", body }), brief);
  assert.equal(await (await post("307", "text")).text(), "text");
  const fields = new URLSearchParams({ name: "value" });
  assert.equal(await (await post("307", fields)).text(), "name=value");
  servers[0]!.shutdown();
  assert.equal(await (await post("", "at the next server")).text(), "at the next server");
  const slow = (count: number) =>
    ReadableStream.from((async function* () {
      for (let i = 0; i < count; i++) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        yield new TextEncoder().encode(`${i}`);
      }
      if (count === 2) throw new RangeError("no more");
    })());
  assert.equal(await (await post("", slow(5))).text(), "01234");
  await assert.rejects(post("307", slow(1)), /second time/);
  await assert.rejects(post("", slow(2)), RangeError);
  const request = new Request("https://a/", { method: "POST", body: "used" });
  await fetch(request, brief);
  assert.equal(request.bodyUsed, true);
  await assert.rejects(fetch(request, brief), TypeError);
});

Deno.test("fetch() goes to a new connection when the old one is going away", async () => {
  const gate = Promise.withResolvers<void>();
  const { fetch, connects, servers } = site(async (request) => {
    if (request.url.endsWith("/slow")) await gate.promise;
    return new Response("ok");
  });
  const slow = fetch("https://a/slow", brief);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const down = servers[0]!.shutdown();
  // Refused with H3_REQUEST_REJECTED on the way, so even POST is made again.
  const post = await fetch("https://a/", { ...brief, method: "POST", body: "x" });
  assert.equal(await post.text(), "ok");
  assert.equal(connects.length, 2);
  gate.resolve();
  assert.equal(await (await slow).text(), "ok");
  await within(down);
});

Deno.test("fetch() repeats idempotent requests only when a kept connection dies", async () => {
  let served = 0;
  const { fetch, connects, transports } = site(() => {
    if (++served === 1 || served > 3) return new Response("ok");
    transports.at(-1)!.close({ closeCode: 9, reason: "restart" });
    return new Promise<Response>(() => {});
  });
  await (await fetch("https://a/", brief)).text();
  // Kept, then dead: the second attempt has a fresh connection, and dies on its own account.
  await assert.rejects(fetch("https://a/", brief), { code: 9 });
  assert.equal(connects.length, 2);
  await (await fetch("https://a/", brief)).text();
  served = 1;
  await assert.rejects(fetch("https://a/", { ...brief, method: "POST", body: "x" }), { code: 9 });
  assert.equal(served, 2, "POST was made once");
});

Deno.test("fetch() stops waiting for a connection when it is aborted", async () => {
  const fetch = createFetch(() => new Promise(() => {}));
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 5);
  await assert.rejects(within(fetch("https://a/", { signal: controller.signal })), reason);
  await assert.rejects(fetch("https://a/", { signal: AbortSignal.abort(reason) }), reason);
});

Deno.test("fetch() reports that no connection could be made, and tries again next time", async () => {
  let attempts = 0;
  const fetch = createFetch(() => Promise.reject(new Error(`attempt ${++attempts}`)));
  await assert.rejects(fetch("https://a/"), /attempt 1/);
  await assert.rejects(fetch("https://a/"), /attempt 2/);
});

Deno.test("fetch() alone tells of a connection that fails while the one before it ends", async () => {
  const [first, server] = MemoryTransport.pair();
  const gate = Promise.withResolvers<void>();
  const serving = serveConnection(server, () => gate.promise.then(() => new Response("ok")));
  const failing = Promise.withResolvers<MemoryTransport>();
  let attempts = 0;
  const fetch = createFetch(() => attempts++ === 0 ? Promise.resolve(first) : failing.promise);
  const slow = fetch("https://a/", brief);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const down = serving.shutdown();
  await new Promise((resolve) => setTimeout(resolve, 5));
  const next = assert.rejects(fetch("https://a/", brief), /refused/);
  gate.resolve();
  assert.equal(await (await slow).text(), "ok");
  await within(down); // the first connection has ended by then
  failing.reject(new Error("refused"));
  await next;
  // What nothing handles would end the process here.
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(attempts, 2);
});

Deno.test("fetch() uses the connection it is given", async () => {
  const { fetch, connects } = site(() => new Response());
  const [connection, server] = MemoryTransport.pair();
  serveConnection(server, (_, info) => {
    info.sendTrailers(new Headers({ t: "1" }));
    return new Response("given");
  });
  for (let i = 0; i < 2; i++) {
    const response = await fetch("https://a/", { connection });
    assert.equal(await response.text(), "given");
    assert.equal((await responseTrailers(response))!.get("t"), "1");
  }
  assert.equal(connects.length, 0);
});

Deno.test("fetch() asks for responses side by side, unless it is told otherwise", async () => {
  const { fetch } = site((request) => Response.json(request.headers.get("priority")));
  const cases: readonly [init: FetchInit, sent: string][] = [
    [{}, "u=3, i"],
    [{ urgency: 6 }, "u=6, i"],
    [{ incremental: false }, "u=3"],
    [{ headers: { priority: "u=1" } }, "u=1"],
  ];
  for (const [init, sent] of cases) {
    const response = await within(fetch("https://a/", { ...brief, ...init }));
    assert.equal(await response.json(), sent);
  }
});

Deno.test("fetch() reads the bytes of Location as UTF-8", async () => {
  const { fetch } = site((request) => {
    const { pathname } = new URL(request.url);
    const location = String.fromCharCode(...new TextEncoder().encode("/gr\u00fc\u00df"));
    return pathname === "/"
      ? new Response(null, { status: 302, headers: { location } })
      : new Response();
  });
  const response = await within(fetch("https://a/", brief));
  assert.equal(response.url, "https://a/gr%C3%BC%C3%9F");
});

Deno.test("fetch() makes responses whose clones know as much", async () => {
  const { fetch } = site((_, info) => {
    info.sendTrailers(new Headers({ "x-sum": "1" }));
    return new Response("x");
  });
  const response = await within(fetch("https://a/b", brief));
  const copy = response.clone().clone();
  assert.equal(copy.url, "https://a/b");
  assert.equal(copy.type, "basic");
  assert.deepEqual(await Promise.all([response.text(), copy.text()]), ["x", "x"]);
  assert.equal((await responseTrailers(copy))!.get("x-sum"), "1");
});
