import assert from "node:assert/strict";
import { H3Client } from "../../src/http3/client/client.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { createFetch } from "../../src/http3/client/fetcher.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { SessionStore } from "../../src/http3/client/session_store.ts";
import type { SavedSession } from "../../src/api/options/session.ts";
import { cert, key } from "./deno_quic.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { within } from "./raw_peer.ts";

const url = "https://localhost/";

function moment(milliseconds = 10): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A pair whose server says that all streams came early. */
function earlyPair(): [client: MemoryTransport, server: MemoryTransport] {
  const [client, server] = MemoryTransport.pair();
  server.onIncoming = ({ readable }) => Object.assign(readable, { early: true });
  return [client, server];
}

Deno.test("H3Server hands on early requests that are safe, and keeps others until the handshake", async () => {
  const [transport, server] = earlyPair();
  const handshake = Promise.withResolvers<void>();
  Object.assign(server, { handshake: handshake.promise });
  const seen: string[] = [];
  serveConnection(server, (request, info) => {
    seen.push(`${request.method} ${info.early}`);
    return new Response();
  });
  const client = new H3Client(transport);
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    await within(client.fetch(new Request(url, { method })));
  }
  const methods = ["POST", "PUT", "DELETE", "PATCH", "UNKNOWN"];
  const waiting = methods.map((method) => client.fetch(new Request(url, { method })));
  await moment();
  assert.deepEqual(seen, ["GET true", "HEAD true", "OPTIONS true"]);
  handshake.resolve();
  await within(Promise.all(waiting));
  assert.deepEqual(seen.slice(3).sort(), methods.map((method) => `${method} false`).sort());
});

Deno.test("H3Server drops early requests when the handshake fails", async () => {
  const [transport, server] = earlyPair();
  Object.assign(server, { handshake: Promise.reject(new Error("a recording")) });
  serveConnection(server, () => assert.fail());
  const request = new Request(url, { method: "POST", body: "pay" });
  await assert.rejects(within(new H3Client(transport).fetch(request)), { code: 0x102 });
});

Deno.test("H3Server answers 425 when it cannot know about the handshake", async () => {
  const [transport, server] = earlyPair();
  serveConnection(server, () => assert.fail());
  const request = new Request(url, { method: "POST", body: "pay" });
  assert.equal((await within(new H3Client(transport).fetch(request))).status, 425);
});

Deno.test("H3Server opens no tunnel by early data", async () => {
  for (const isKnown of [true, false]) {
    const [transport, server] = earlyPair();
    const handshake = Promise.withResolvers<void>();
    if (isKnown) Object.assign(server, { handshake: handshake.promise });
    let opened = 0;
    const open = () => {
      opened++;
      return new Response();
    };
    serveConnection(server, () => assert.fail(), { onConnect: open, onConnectTcp: open });
    const client = new H3Client(transport);
    const tunnels = [client.connectTcp("a.example:1"), client.connect(url, "connect-udp")];
    await moment(30);
    assert.equal(opened, 0);
    handshake.resolve();
    const statuses = (await within(Promise.all(tunnels))).map(({ status }) => status);
    assert.deepEqual(statuses, isKnown ? [200, 200] : [425, 425]);
  }
});

Deno.test("H3Client.fetch() sends only safe methods before the handshake", async () => {
  const [transport, server] = MemoryTransport.pair();
  const handshake = Promise.withResolvers<void>();
  Object.assign(transport, { handshake: handshake.promise });
  const seen: string[] = [];
  serveConnection(server, (request) => {
    seen.push(request.method);
    return new Response();
  });
  const client = new H3Client(transport);
  const posting = client.fetch(new Request(url, { method: "POST", body: "x" }));
  const abort = new AbortController();
  const { signal } = abort;
  const aborted = client.fetch(new Request(url, { method: "PUT", body: "x", signal }));
  await within(client.fetch(new Request(url)));
  abort.abort(new Error("enough"));
  await assert.rejects(within(aborted), { message: "enough" });
  assert.deepEqual(seen, ["GET"]);
  handshake.resolve();
  await within(posting);
  assert.deepEqual(seen, ["GET", "POST"]);
});

Deno.test("fetch() asks again when it is told that it is too early, but once", async () => {
  let answers = [425];
  let requests = 0;
  const fetch = createFetch(() => {
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, () => {
      requests++;
      return new Response(null, { status: answers.shift() ?? 200 });
    });
    return Promise.resolve(client);
  });
  const init = { idleTimeout: 20 };
  assert.equal((await within(fetch("https://a/", init))).status, 200);
  assert.equal(requests, 2);
  answers = [425, 425, 425];
  assert.equal((await within(fetch("https://a/", init))).status, 425);
  assert.equal(requests, 4);
});

Deno.test("fetch() and serve() resume, and take the second request in 0-RTT", async () => {
  const options = { port: 0, cert, key, localAddresses: ["127.0.0.1"], earlyData: true };
  await using server = serve(options, async (request, info) => {
    const { resumed } = info.connection;
    return Response.json([resumed, info.early, await request.text()]);
  });
  const init = {
    caCerts: [cert],
    serverName: "localhost",
    localAddresses: ["127.0.0.1"],
    idleTimeout: 60,
    earlyData: true,
  };
  const url = `https://127.0.0.1:${server.addr.port}/`;
  const get = async (more = {}) => await (await within(fetch(url, { ...init, ...more }))).json();
  assert.deepEqual(await get(), [false, false, ""]);
  await moment(250); // until the session has come and the connection is closed
  assert.deepEqual(await get(), [true, true, ""]);
  await moment(250);
  assert.deepEqual(await get({ method: "POST", body: "once" }), [true, false, "once"]);
});

Deno.test("SessionStore keeps the newest sessions, of not too many connections", () => {
  const store = new SessionStore();
  const session = (name: string) => ({ name }) as unknown as SavedSession;
  for (const name of ["1", "2", "3"]) store.add("a", session(name));
  assert.deepEqual(store.take("a"), session("3"));
  assert.deepEqual(store.take("a"), session("2"));
  assert.equal(store.take("a"), undefined);
  for (let i = 0; i < 100; i++) store.add(`${i}`, session(`${i}`));
  assert.equal(store.take("35"), undefined);
  assert.deepEqual(store.take("36"), session("36"));
});

Deno.test("fetch() shows a session of the application once, and to no other server", async () => {
  const shown: unknown[] = [];
  const fetch = createFetch(({ hostname, session }) => {
    shown.push([hostname, session]);
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, (request) => {
      if (!request.url.endsWith("/away")) return new Response();
      return Response.redirect("https://b/", 307);
    });
    return Promise.resolve(client);
  });
  const session = { tls: {} } as unknown as SavedSession;
  const init = { session, idleTimeout: 0 };
  await within(fetch("https://a/away", init));
  await moment();
  await within(fetch("https://a/", init));
  assert.deepEqual(shown, [["a", session], ["b", undefined], ["a", undefined]]);
});
