import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { prioritize } from "../../src/http3/client/client_exchange.ts";
import type { H3RequestInit } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";
import { applyPriority, formatPriority, parsePriority } from "../../src/http3/wire/priority.ts";
import type { H3SendStream } from "../../src/http3/transport.ts";

const cases: readonly [field: string, urgency: number, incremental: boolean][] = [
  ["", 3, false],
  ["u=0", 0, false],
  ["u=7, i", 7, true],
  ["i=?1,u=2", 2, true],
  ["i=?0", 3, false],
  ["u=5;a=b, i;c", 5, true],
  ["u=8", 3, false],
  ["u=-1", 3, false],
  ["u", 3, false],
  ["i=1", 3, false],
  ["x=1, nonsense==, u=1", 1, false],
];

Deno.test("parsePriority() reads RFC 9218 fields and takes defaults for the rest", () => {
  for (const [field, urgency, incremental] of cases) {
    assert.deepEqual(parsePriority(field), { urgency, incremental }, field);
  }
});

Deno.test("applyPriority() speaks the terms the stream knows", () => {
  const ours = { urgency: 3, incremental: false, sendOrder: 0 } as unknown as H3SendStream;
  applyPriority(ours, { urgency: 1, incremental: true });
  assert.deepEqual({ ...ours }, { urgency: 1, incremental: true, sendOrder: 2 });
  const others = { sendOrder: 0 } as unknown as H3SendStream;
  applyPriority(others, { urgency: 1, incremental: true });
  assert.deepEqual({ ...others }, { sendOrder: 2 });
});

Deno.test("formatPriority() writes what parsePriority() reads", () => {
  for (let urgency = 0; urgency < 8; urgency++) {
    for (const incremental of [false, true]) {
      const priority = { urgency, incremental };
      assert.deepEqual(parsePriority(formatPriority(priority)), priority);
    }
  }
  for (const urgency of [-1, 8, 1.5, NaN]) {
    assert.throws(() => formatPriority({ urgency }), RangeError);
  }
});

Deno.test("H3Client.fetch() tells the server how soon the response is wanted", async () => {
  const cases: readonly [init: H3RequestInit, header: string | undefined, sent: string | null][] = [
    [{}, undefined, null],
    [{ urgency: 1 }, undefined, "u=1"],
    [{ incremental: true }, undefined, "u=3, i"],
    [{ urgency: 7, incremental: true }, undefined, "u=7, i"],
    [{ urgency: 7 }, "u=2", "u=2"],
  ];
  for (const [init, header, sent] of cases) {
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, (request) => Response.json(request.headers.get("priority")));
    const headers: HeadersInit = header ? { priority: header } : {};
    const request = new Request("https://localhost/", { headers });
    const response = await within(new H3Client(client).fetch(request, init));
    assert.equal(await response.json(), sent);
  }
});

Deno.test("H3Client.fetch() rejects urgencies that do not exist", async () => {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response());
  const fetching = new H3Client(client).fetch(new Request("https://localhost/"), { urgency: 9 });
  await assert.rejects(within(fetching), RangeError);
});

Deno.test("prioritize() changes the priority of a response under way", async () => {
  const [client, server] = MemoryTransport.pair();
  let sending: { urgency?: number; incremental?: boolean } | undefined;
  server.onIncoming = ({ writable }) => sending = writable;
  serveConnection(server, () => new Response(new ReadableStream()));
  const response = await within(new H3Client(client).fetch(new Request("https://localhost/")));
  assert.equal(sending!.urgency, 3);
  prioritize(response, { urgency: 1, incremental: true });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual([sending!.urgency, sending!.incremental], [1, true]);
  assert.throws(() => prioritize(response, { urgency: 8 }), RangeError);
  prioritize(new Response(), {}); // of another origin: nothing happens
});

Deno.test("H3Server tells the transport how long a response will be, if that is known", async () => {
  for (const length of [undefined, 5_000]) {
    const [client, server] = MemoryTransport.pair();
    let sending: { bytesToCome?: number } | undefined;
    server.onIncoming = ({ writable }) => sending = writable;
    const headers: HeadersInit = length === undefined ? {} : { "content-length": `${length}` };
    const body = () => new ReadableStream({ pull: (source) => source.enqueue(new Uint8Array(1)) });
    serveConnection(server, () => new Response(body(), { headers }));
    const response = await within(new H3Client(client).fetch(new Request("https://localhost/")));
    assert.equal(sending!.bytesToCome, length ?? 0);
    await response.body!.cancel();
  }
});
