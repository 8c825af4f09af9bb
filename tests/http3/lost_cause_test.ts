import assert from "node:assert/strict";
import { ApplicationError, StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { responseDatagrams } from "../../src/http3/client/client_exchange.ts";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3Transport } from "../../src/http3/transport.ts";
import { dialHere, listenHere } from "../api/loopback.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { RawPeer, within } from "./raw_peer.ts";

const url = "https://localhost/";

/** What the next request of a client rejects with. */
async function refusal(client: H3Client): Promise<StreamError> {
  try {
    await within(client.fetch(new Request(url)));
  } catch (error) {
    // RFC 9114, Section 4.1.1: whatever the cause, it was not processed and may be made again.
    assert.ok(error instanceof StreamError && error.code === 0x10b, String(error));
    return error;
  }
  assert.fail("the request was made");
}

/** A transport that ends with an error. */
function failing(): { transport: H3Transport; fail: (error: Error) => void } {
  const [transport] = MemoryTransport.pair();
  const { promise: closed, reject: fail } = Promise.withResolvers<never>();
  return { transport: Object.defineProperty(transport, "closed", { value: closed }), fail };
}

Deno.test("H3Client tells what its connection died of, as the cause of what cannot be requested", async () => {
  const { transport, fail } = failing();
  const client = new H3Client(transport);
  const death = new DOMException("Cannot go on: nothing arrived for too long", "TimeoutError");
  fail(death);
  await client.closed;
  const error = await refusal(client);
  assert.equal(error.cause, death);
  assert.equal(
    error.message,
    "Cannot make a request: the connection is over: nothing arrived for too long",
  );
  // A caller that waits for settings hears it as well.
  const tunnel = client.connect(url, "websocket");
  await assert.rejects(within(tunnel), (error) => error === death);
});

Deno.test("H3Client tells with which code and sentence the server closed its connection", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  server.close({ closeCode: 9, reason: "restart" });
  await client.closed;
  const { cause, message } = await refusal(client);
  assert.ok(cause instanceof ApplicationError && cause.code === 9);
  assert.match(
    message,
    /the connection is over: the connection was closed with code 9, "restart"$/,
  );
});

Deno.test("H3Client tells why it closed its connection itself, also to requests under way", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  const peer = new RawPeer(server);
  const waiting = client.fetch(new Request(url));
  waiting.catch(() => {});
  // A second SETTINGS frame is an error of the connection.
  await peer.settings(frame(0x04, varints()));
  const failure = await within(waiting.then(() => assert.fail("answered"), (error) => error));
  assert.ok(failure instanceof ApplicationError && failure.code === 0x105, String(failure));
  assert.doesNotMatch(failure.message, /this end closed/);
  assert.equal((await refusal(client)).cause, failure);
});

Deno.test("H3Client tells a server that goes away from a client that was closed", async () => {
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  await new RawPeer(server).settings(frame(0x07, varints(0)));
  await new Promise((resolve) => setTimeout(resolve, 5));
  const away = await refusal(client);
  assert.equal(away.cause, undefined);
  assert.match(away.message, /the server takes no more requests/);
  await client[Symbol.asyncDispose]();
  assert.match((await refusal(client)).message, /this client was closed/);
});

Deno.test("fetch() over a connection that fell silent tells so", async () => {
  await using listener = listenHere({ alpnProtocols: ["h3"] });
  const served = listener.accept().then((connection) =>
    serveConnection(connection, () => new Response("ok"))
  );
  const connection = await dialHere(listener, { alpnProtocols: ["h3"], maxIdleTimeout: 300 });
  const fetch = createFetch(() => assert.fail("no other connection is wanted"));
  assert.equal(await (await fetch(url, { connection })).text(), "ok");
  await served;
  await assert.rejects(connection.closed, { name: "TimeoutError" });
  await assert.rejects(within(fetch(url, { connection })), (error) => {
    assert.ok(error instanceof StreamError && error.code === 0x10b);
    assert.ok(error.cause instanceof DOMException && error.cause.name === "TimeoutError");
    return true;
  });
});

Deno.test("A datagram of a request whose connection died is refused with the cause", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response(new ReadableStream()), { datagrams: true });
  const client = new H3Client(transport, { datagrams: true });
  const response = await within(client.fetch(new Request(url)));
  const datagrams = responseDatagrams(response)!;
  const reading = datagrams.read();
  server.close({ closeCode: 9, reason: "restart" });
  assert.equal(await within(reading), undefined);
  await assert.rejects(datagrams.send(new Uint8Array(1)), (error) => {
    return error instanceof TypeError && error.cause instanceof Error;
  });
});
