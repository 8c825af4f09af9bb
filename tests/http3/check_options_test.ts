import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { createServe } from "../../src/http3/server/http_server.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { later } from "../../src/http3/timer.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

const url = "https://localhost/";

const unusable: readonly Omit<H3ServerOptions, "webTransport">[] = [
  { qpackTableCapacity: -1 },
  { qpackTableCapacity: 1.5 },
  { qpackBlockedStreams: NaN },
  { maxFieldSectionSize: Infinity },
  { maxFieldSectionSize: 2 ** 60 },
  { headerTimeout: -1 },
  { bodyTimeout: NaN },
  { maxConcurrentHandlers: -1 },
];

Deno.test("serve(), fetch(), H3Client and serveConnection() refuse options that cannot be kept", async () => {
  const fetch = createFetch(() => assert.fail("a connection was made"));
  const serve = createServe(() => assert.fail("a socket was opened"));
  for (const options of unusable) {
    const [[name]] = Object.entries(options) as [[string, number]];
    const isRefusal = (error: Error) => error instanceof TypeError && error.message.includes(name);
    const listen = { port: 0, cert: "", key: "", ...options };
    assert.throws(() => serve(listen, () => new Response()), isRefusal, name);
    const [client, server] = MemoryTransport.pair();
    assert.throws(() => serveConnection(server, () => new Response(), options), isRefusal, name);
    if (name === "qpackTableCapacity" || name === "maxFieldSectionSize") {
      await assert.rejects(fetch(url, options), isRefusal);
      assert.throws(() => new H3Client(client, options), isRefusal);
    }
  }
});

Deno.test("serveConnection() waits for ever where it is told to", async () => {
  const [transport, server] = MemoryTransport.pair();
  const options = {
    headerTimeout: Infinity,
    bodyTimeout: Infinity,
    maxConcurrentHandlers: Infinity,
    maxFailuresPerSecond: Infinity,
    qpackBlockedBytes: Infinity,
  };
  serveConnection(server, async (request) => new Response(await request.text()), options);
  const client = new H3Client(transport);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      controller.enqueue(new TextEncoder().encode("slow"));
      controller.close();
    },
  });
  const request = new Request(url, { method: "POST", body });
  assert.equal(await (await within(client.fetch(request))).text(), "slow");
});

Deno.test("fetch() waits for UDP as long as it is told to", async () => {
  const connect = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, () => new Response("over UDP"));
    return client;
  };
  const fetch = createFetch(connect, () => assert.fail("over TCP"));
  const init = { fallback: "tcp", fallbackDelay: Infinity, idleTimeout: 0 } as const;
  assert.equal(await (await within(fetch(url, init))).text(), "over UDP");
});

Deno.test("later() reaches as far as timers do, and never is never", async () => {
  const called: number[] = [];
  later(Infinity, () => called.push(1));
  later(2 ** 31, () => called.push(2));
  const stop = later(2 ** 31 - 1, () => called.push(3));
  later(0, () => called.push(4));
  later(0, () => called.push(5))();
  await new Promise((resolve) => setTimeout(resolve, 10));
  stop();
  assert.deepEqual(called, [4]);
});
