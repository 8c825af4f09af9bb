import assert from "node:assert/strict";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { responseTrailers } from "../../src/http3/client/client_exchange.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { type H3Server, serveConnection } from "../../src/http3/server/server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import type { H3SendStream } from "../../src/http3/transport.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { getLines, headersFrame, RawPeer, within } from "./raw_peer.ts";

function connect(
  handler: RequestHandler,
  options?: H3ServerOptions,
): { client: H3Client; server: H3Server; transports: MemoryTransport[] } {
  const transports = MemoryTransport.pair();
  const server = serveConnection(transports[1], handler, options);
  return { client: new H3Client(transports[0]), server, transports };
}

const url = "https://localhost/path?query=1";

/** `count` chunks of `size` bytes, made as they are asked for. */
function source(count: number, size: number, seen?: { pulled: number; cancelled?: unknown }) {
  let made = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (made === count) return controller.close();
      if (seen) seen.pulled++;
      controller.enqueue(new Uint8Array(size).fill(made++));
    },
    cancel(reason) {
      if (seen) seen.cancelled = reason;
    },
  }, { highWaterMark: 0 });
}

async function sizeOf(stream: ReadableStream<Uint8Array> | null): Promise<number> {
  let size = 0;
  for await (const chunk of stream!) size += chunk.length;
  return size;
}

Deno.test("H3Client.fetch() brings method, URL, fields and body there and back", async () => {
  const { client } = connect(async (request) => {
    assert.equal(request.method, "PATCH");
    assert.equal(request.url, url);
    assert.equal(request.headers.get("x-a"), "1, 2");
    assert.equal(request.headers.get("cookie"), "a=1; b=2");
    assert.equal(request.headers.get("connection"), null);
    const headers = new Headers([["set-cookie", "c=1"], ["set-cookie", "d=2"]]);
    return new Response(`got ${await request.text()}`, { status: 201, headers });
  });
  const headers = new Headers([["x-a", "1"], ["x-a", "2"], ["cookie", "a=1; b=2"]]);
  const request = new Request(url, { method: "PATCH", headers, body: "hello" });
  const response = await client.fetch(request);
  assert.equal(response.status, 201);
  assert.deepEqual(response.headers.getSetCookie(), ["c=1", "d=2"]);
  assert.equal(await response.text(), "got hello");
});

Deno.test("H3Client.fetch() takes responses without content", async () => {
  const { client } = connect((request) => {
    const status = Number(new URL(request.url).pathname.slice(1));
    return new Response(status === 200 ? "body" : null, {
      status,
      headers: { "content-length": "4" },
    });
  });
  for (const status of [204, 304]) {
    const response = await client.fetch(new Request(`https://localhost/${status}`));
    assert.equal(response.status, status);
    assert.equal(response.body, null);
  }
  const head = await client.fetch(new Request("https://localhost/200", { method: "HEAD" }));
  assert.equal(head.headers.get("content-length"), "4");
  assert.equal(head.body, null);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(client.active, 0);
});

Deno.test("H3Client.fetch() echoes 20 MB through POST and PUT", async () => {
  const { client } = connect((request) => new Response(request.body));
  for (const method of ["POST", "PUT"]) {
    const init = { method, body: source(320, 65_536), duplex: "half" };
    const response = await client.fetch(new Request(url, init));
    assert.equal(await sizeOf(response.body), 320 * 65_536);
  }
});

Deno.test("H3Client.fetch() sends a body of announced length as it is", async () => {
  const { client } = connect((request) =>
    new Response(request.body, {
      headers: { "content-length": request.headers.get("content-length")! },
    })
  );
  const headers = { "content-length": "300000" };
  const init = { method: "POST", headers, body: source(30, 10_000), duplex: "half" };
  assert.equal(await sizeOf((await client.fetch(new Request(url, init))).body), 300_000);
  for (const count of [29, 31]) {
    const wrong = { ...init, body: source(count, 10_000) };
    await assert.rejects(
      async () => {
        await (await client.fetch(new Request(url, wrong))).arrayBuffer();
      },
      { code: 0x102 },
      `${count} chunks`,
    );
  }
});

Deno.test("H3Client.fetch() reads no further than the application does", async () => {
  const seen = { pulled: 0 };
  const { client } = connect(() => new Response(source(1000, 65_536, seen)));
  const response = await client.fetch(new Request(url));
  const reader = response.body!.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(seen.pulled < 10, `${seen.pulled} chunks made`);
  await reader.cancel();
});

Deno.test("H3Client.fetch() cancels the server's source with the response's body", async () => {
  const seen: { pulled: number; cancelled?: unknown } = { pulled: 0 };
  const aborted = Promise.withResolvers<void>();
  const { client, server } = connect((request) => {
    request.signal.addEventListener("abort", () => aborted.resolve());
    return new Response(source(1000, 65_536, seen));
  });
  const response = await client.fetch(new Request(url));
  await response.body!.cancel();
  await within(aborted.promise);
  assert.ok(seen.cancelled instanceof StreamError);
  assert.equal(seen.cancelled.code, 0x10c);
  assert.equal(client.active, 0);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(server.active, 0);
});

Deno.test("H3Client.fetch() is aborted by its signal, before, during and after the fields", async () => {
  const signals: AbortSignal[] = [];
  const { client } = connect((request) => {
    signals.push(request.signal);
    if (request.url.endsWith("slow")) return new Promise<Response>(() => {});
    return new Response(source(1000, 65_536));
  });
  const reason = new Error("enough");
  await assert.rejects(
    client.fetch(new Request(url, { signal: AbortSignal.abort(reason) })),
    reason,
  );
  const during = new AbortController();
  const waiting = client.fetch(new Request("https://localhost/slow", { signal: during.signal }));
  setTimeout(() => during.abort(reason), 5);
  await assert.rejects(within(waiting), reason);
  const after = new AbortController();
  const response = await client.fetch(new Request(url, { signal: after.signal }));
  const reader = response.body!.getReader();
  await reader.read();
  after.abort(reason);
  await assert.rejects(within(readAll(reader)), reason);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(signals.map(({ aborted }) => aborted), [true, true]);
});

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  while (!(await reader.read()).done);
}

Deno.test("H3Client.fetch() takes an early response and stops sending", async () => {
  const seen: { pulled: number; cancelled?: unknown } = { pulled: 0 };
  const { client } = connect(() => new Response("too large", { status: 413 }));
  const init = { method: "POST", body: source(10_000, 65_536, seen), duplex: "half" };
  const response = await within(client.fetch(new Request(url, init)));
  assert.equal(response.status, 413);
  assert.equal(await response.text(), "too large");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal((seen.cancelled as StreamError).code, 0x10c);
  assert.equal(client.active, 0);
});

Deno.test("H3Client.fetch() rejects when the request's body fails", async () => {
  const seen = Promise.withResolvers<unknown>();
  const { client } = connect(async (request) => {
    await request.text().catch(seen.resolve);
    return new Response();
  });
  const body = new ReadableStream({ pull: () => Promise.reject(new Error("disk gone")) });
  const init = { method: "POST", body, duplex: "half" };
  await assert.rejects(within(client.fetch(new Request(url, init))), /disk gone/);
  assert.equal((await within(seen.promise) as StreamError).code, 0x10c);
});

Deno.test("H3Client and H3Server carry trailers both ways", async () => {
  const { client } = connect(async (request, info) => {
    const text = await request.text();
    const trailers = await info.trailers;
    info.sendTrailers(() => new Headers({ "x-sum": String(text.length) }));
    return new Response(trailers?.get("x-check"));
  });
  const request = new Request(url, { method: "POST", body: "12345" });
  const response = await client.fetch(request, { trailers: new Headers({ "x-check": "ok" }) });
  assert.equal(await response.text(), "ok");
  assert.equal((await responseTrailers(response))?.get("x-sum"), "5");
  const plain = await client.fetch(new Request(url, { method: "POST", body: "" }));
  await plain.text();
  assert.equal((await responseTrailers(plain))?.get("x-sum"), "0");
});

Deno.test("H3Client.fetch() hands on interim responses", async () => {
  const { client } = connect((_, info) => {
    info.sendInformational(103, new Headers({ link: "</a.css>" }));
    assert.throws(() => info.sendInformational(101, new Headers()), RangeError);
    return new Response("done");
  });
  const hints: string[] = [];
  const response = await client.fetch(new Request(url), {
    onInformational: (status, headers) => hints.push(`${status} ${headers.get("link")}`),
  });
  assert.equal(await response.text(), "done");
  assert.deepEqual(hints, ["103 </a.css>"]);
});

Deno.test("H3Server answers 500 or what onError makes when the handler fails", async () => {
  const bad: RequestHandler[] = [
    () => {
      throw new Error("secret");
    },
    () => Promise.reject(new Error("secret")),
    () => undefined as unknown as Response,
    () => Response.error(),
  ];
  for (const handler of bad) {
    const { client } = connect(handler);
    const response = await client.fetch(new Request(url));
    assert.equal(response.status, 500);
    assert.ok(!(await response.text()).includes("secret"));
    const custom = connect(handler, { onError: () => new Response("mine", { status: 503 }) });
    assert.equal((await custom.client.fetch(new Request(url))).status, 503);
  }
});

Deno.test("H3Server resets the stream when the response's body fails", async () => {
  const body = new ReadableStream({ pull: () => Promise.reject(new Error("disk gone")) });
  const { client } = connect(() => new Response(body));
  const response = await client.fetch(new Request(url));
  await assert.rejects(within(response.text()), { name: "StreamError", code: 0x102 });
});

Deno.test("H3Client.fetch() makes a thousand requests at once, within the handlers' limit", async () => {
  let running = 0;
  let most = 0;
  const { client, server } = connect(async (request) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running--;
    return new Response(new URL(request.url).pathname);
  });
  const texts = await Promise.all(Array.from({ length: 1000 }, async (_, i) => {
    const response = await client.fetch(new Request(`https://localhost/${i}`));
    return await response.text();
  }));
  assert.deepEqual(texts, Array.from({ length: 1000 }, (_, i) => `/${i}`));
  assert.equal(most, 128);
  assert.equal(client.active + server.active, 0);
});

Deno.test("H3Server.shutdown() finishes what it took and refuses the rest", async () => {
  const gate = Promise.withResolvers<void>();
  const { client, server, transports } = connect(async () => {
    await gate.promise;
    return new Response("late");
  });
  const taken = client.fetch(new Request(url));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const down = server.shutdown();
  // Opened before the GOAWAY could arrive: refused, so safe to make again.
  await assert.rejects(within(client.fetch(new Request(url))), { code: 0x10b });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(client.isAccepting, false);
  await assert.rejects(client.fetch(new Request(url)), { code: 0x10b });
  gate.resolve();
  assert.equal(await (await taken).text(), "late");
  await within(down);
  assert.equal(transports[0]!.closeInfo!.closeCode, 0x100);
});

Deno.test("H3Client.close() waits for the requests under way", async () => {
  const gate = Promise.withResolvers<void>();
  const { client, transports } = connect(async () => {
    await gate.promise;
    return new Response("late");
  });
  const taken = client.fetch(new Request(url));
  const closing = client.close();
  await assert.rejects(client.fetch(new Request(url)), { code: 0x10b });
  assert.equal(transports[0]!.closeInfo, undefined);
  gate.resolve();
  assert.equal(await (await taken).text(), "late");
  await within(closing);
  assert.equal(transports[0]!.closeInfo!.closeCode, 0x100);
});

Deno.test("H3Client.fetch() rejects when the connection ends", async () => {
  const { client, transports } = connect(() => new Promise<Response>(() => {}));
  const waiting = client.fetch(new Request(url));
  setTimeout(() => transports[1]!.close({ closeCode: 7, reason: "bye" }), 5);
  await assert.rejects(within(waiting), { code: 7 });
  await within(client.closed);
  assert.equal(client.isAccepting, false);
  assert.equal(client.active, 0);
});

Deno.test("H3Client and H3Server hand the priority of a request to its streams", async () => {
  const { client, transports } = connect((_, info) => {
    assert.equal(info.connection, transports[1]);
    return new Response();
  });
  const streams = Promise.all(transports.map(recordStreams));
  await client.fetch(new Request(url, { headers: { priority: "u=1, i" } }));
  for (const { urgency, incremental } of await within(streams)) {
    assert.deepEqual([urgency, incremental], [1, true]);
  }
});

/** The sending half of the next stream that passes. */
function recordStreams(transport: MemoryTransport, index: number): Promise<H3SendStream> {
  return new Promise((resolve) => {
    const { createBidirectionalStream: create } = transport;
    transport.createBidirectionalStream = async function () {
      const stream = await create.call(transport);
      resolve(stream.writable);
      return stream;
    };
    if (index === 1) transport.onIncoming = (stream) => resolve(stream.writable);
  });
}

Deno.test("H3Server answers with a date, and 100 to clients that expect it", async () => {
  const { client } = connect(async (request) => new Response(await request.text()));
  const statuses: number[] = [];
  const init = { method: "POST", body: "x", headers: { expect: "100-continue" } };
  const response = await client.fetch(new Request(url, init), {
    onInformational: (status) => statuses.push(status),
  });
  assert.deepEqual(statuses, [100]);
  const age = Date.now() - Date.parse(response.headers.get("date")!);
  assert.ok(age >= 0 && age < 5000);
});

Deno.test("H3Server takes priorities from PRIORITY_UPDATE, before and after the request", async () => {
  const gate = Promise.withResolvers<void>();
  const [transport, server] = MemoryTransport.pair();
  const sending = recordStreams(server, 1);
  serveConnection(server, async () => {
    await gate.promise;
    return new Response();
  });
  const peer = new RawPeer(transport);
  const update = (id: number, field: string) =>
    frame(0xf0700, concatBytes(varints(id), new TextEncoder().encode(field)));
  const control = await peer.settings(update(0, "u=0"), update(400, "u=6"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const done = peer.request(headersFrame([...getLines, ["priority", "u=5"]]));
  const stream = await within(sending);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(stream.urgency, 0, "the update wins over the field");
  await control.write(update(0, "u=2, i"));
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([stream.urgency, stream.incremental], [2, true]);
  gate.resolve();
  assert.equal((await within(done)).kind, "response");
});

Deno.test("H3Server.shutdown() ends though a handler works for a client that has left", async () => {
  const gate = Promise.withResolvers<void>();
  const { client, server, transports } = connect(async () => {
    await gate.promise;
    return new Response("too late");
  });
  const taken = client.fetch(new Request(url));
  taken.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 5));
  const down = server.shutdown();
  transports[0]!.close({ closeCode: 0x100, reason: "" });
  await within(down);
  gate.resolve();
  await assert.rejects(taken, { name: "ApplicationError", code: 0x100 });
});

Deno.test("A response that cannot be sent is cancelled", async () => {
  const large = new Headers([["x-large", "x".repeat(70_000)]]);
  const seen: { pulled: number; cancelled?: unknown } = { pulled: 0 };
  const made = () => new Response(source(1000, 65_536, seen), { headers: large });
  const { client } = connect(made);
  assert.equal((await within(client.fetch(new Request(url)))).status, 500);
  assert.notEqual(seen.cancelled, undefined, "the source is let go of");
});
