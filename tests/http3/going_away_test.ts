import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3BidirectionalStream } from "../../src/http3/transport.ts";
import { cert, key } from "./deno_quic.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { getLines, headersFrame, RawPeer, within } from "./raw_peer.ts";

const url = "https://localhost/";
const localAddresses = ["127.0.0.1"];

function moment(milliseconds = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

Deno.test("H3Client.fetch() rejects what waits for a stream when the server goes away", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  // The server allows no more streams, and never will.
  const opening = Promise.withResolvers<H3BidirectionalStream>();
  const create = transport.createBidirectionalStream;
  transport.createBidirectionalStream = () => opening.promise;
  const waiting = client.fetch(new Request(url, { method: "POST", body: "x" }));
  await moment();
  await new RawPeer(server).settings(frame(0x07, varints(0)));
  await assert.rejects(within(waiting), { name: "StreamError", code: 0x10b });
  assert.equal(client.active, 0);
  // A stream that comes all the same is given back.
  opening.resolve(await create.call(transport));
  const { value } = await server.incomingBidirectionalStreams.getReader().read();
  await assert.rejects(within(value!.readable.getReader().read()), { code: 0x10c });
});

Deno.test("H3Server refuses what is on its way when it shuts down, so that it can be sent again", async () => {
  const [transport, server] = MemoryTransport.pair();
  let served = 0;
  const h3 = serveConnection(server, () => {
    served++;
    return new Response();
  });
  const peer = new RawPeer(transport);
  await peer.settings();
  assert.equal((await within(peer.request(headersFrame(getLines)))).kind, "response");
  const down = h3.shutdown();
  await moment(20); // the GOAWAY takes a while to the client
  const late = await within(peer.request(headersFrame(getLines)));
  assert.deepEqual(late, { kind: "reset", code: 0x10b });
  // A client that holds on to its connection is not waited for without end.
  await within(down);
  assert.equal(transport.closeInfo!.closeCode, 0x100);
  assert.equal(served, 1);
});

Deno.test("fetch() lets go of an idle connection as soon as the server goes away", async () => {
  await using server = serve({ port: 0, cert, key, localAddresses }, () => new Response("x"));
  const init = { caCerts: [cert], localAddresses, idleTimeout: 60_000 };
  const response = await within(fetch(`https://localhost:${server.addr.port}/`, init));
  await response.text();
  const started = performance.now();
  await within(server.shutdown());
  assert.ok(performance.now() - started < 400, "the server had nobody to wait for");
});

Deno.test("fetch() does not take a request that waits for the handshake to be idle", async () => {
  const handshake = Promise.withResolvers<void>();
  let connects = 0;
  const fetch = createFetch(() => {
    connects++;
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, async (request) => new Response(await request.text()));
    return Promise.resolve(Object.assign(client, { handshake: handshake.promise }));
  });
  const posting = fetch(url, { method: "POST", body: "slow network", idleTimeout: 10 });
  posting.catch(() => {});
  await moment(60);
  handshake.resolve();
  assert.equal(await (await within(posting)).text(), "slow network");
  assert.equal(connects, 1);
});

Deno.test("HttpServer.shutdown() refuses new connections from the first moment", async () => {
  const gate = Promise.withResolvers<void>();
  const server = serve({ port: 0, cert, key, localAddresses }, async () => {
    await gate.promise;
    return new Response("late");
  });
  const init = { caCerts: [cert], localAddresses, idleTimeout: 20 };
  const address = `https://localhost:${server.addr.port}/`;
  const slow = fetch(address, init);
  await moment(200);
  let isFinished = false;
  server.finished.then(() => isFinished = true);
  const down = server.shutdown();
  await moment();
  // Another process may have taken over the port meanwhile: it is not told that this one is full.
  const other = fetch(address, { ...init, serverName: "127.0.0.1" });
  await assert.rejects(within(other), {
    name: "TransportError",
    code: ErrorCode.ConnectionRefused,
  });
  assert.equal(isFinished, false, "a request is still under way");
  gate.resolve();
  assert.equal(await (await within(slow)).text(), "late");
  await within(down);
  await within(server.finished);
});

Deno.test("H3Client can be disposed of while a response is not read", async () => {
  const [transport, server] = MemoryTransport.pair();
  const cancelled = Promise.withResolvers<unknown>();
  serveConnection(server, () => {
    const pull = (controller: ReadableStreamDefaultController) => {
      controller.enqueue(new Uint8Array(100_000));
    };
    return new Response(new ReadableStream({ pull, cancel: cancelled.resolve }));
  });
  const use = async () => {
    await using client = new H3Client(transport);
    const response = await client.fetch(new Request(url));
    // A handler that gives the response to a caller, or throws here, must not wait for a reader.
    return response;
  };
  const response = await within(use());
  await within(cancelled.promise);
  await assert.rejects(within(response.bytes()), { code: 0x100 });
  assert.equal(transport.closeInfo!.closeCode, 0x100);
});

Deno.test("H3Client.close() and disposal may be asked for in any order, and again", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Promise<Response>(() => {}));
  const client = new H3Client(transport);
  client.fetch(new Request(url)).catch(() => {});
  await moment();
  const closing = client.close();
  await within(client[Symbol.asyncDispose]());
  await within(closing);
  await within(client.close());
  await within(client[Symbol.asyncDispose]());
  await assert.rejects(client.fetch(new Request(url)), { code: 0x10b });
});
