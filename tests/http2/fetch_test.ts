import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { responseTrailers } from "../../src/http3/client/client_exchange.ts";
import { fetch } from "../../src/http2/fetch.ts";
import type { FetchInit } from "../../src/http3/options.ts";
import { serveTcp } from "../../src/http2/serve_tcp.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { RevocationLists } from "../../src/tls/trust/revocation_lists.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { makeRevocable, SERIAL } from "../tls/revocable.ts";

const listen = { port: 0, cert, key, localAddresses: ["127.0.0.1"] };
const init: FetchInit = {
  caCerts: [cert],
  serverName: "localhost",
  localAddresses: ["127.0.0.1"],
  idleTimeout: 50,
};

Deno.test("fetch() and serve() talk over multipath QUIC", async () => {
  await using server = serve(listen, async (request, info) => {
    assert.equal(info.remoteAddr.hostname, "127.0.0.1");
    assert.equal(info.connection.protocol, "h3");
    const { length } = await request.bytes();
    info.sendTrailers(new Headers({ "x-length": String(length) }));
    return new Response(`${request.method} ${new URL(request.url).pathname}`);
  });
  const base = `https://127.0.0.1:${server.addr.port}`;
  await Promise.all(Array.from({ length: 150 }, async (_, i) => {
    const body = new Uint8Array(100 * i);
    const response = await fetch(`${base}/${i}`, { ...init, method: "PUT", body });
    assert.equal(await response.text(), `PUT /${i}`);
    assert.equal((await responseTrailers(response))!.get("x-length"), String(body.length));
  }));
});

Deno.test("fetch() and serve() stream both ways over multipath QUIC", async () => {
  await using server = serve(listen, (request) => new Response(request.body));
  let made = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (made++ === 80) controller.close();
      else controller.enqueue(new Uint8Array(65_536));
    },
  });
  const url = `https://127.0.0.1:${server.addr.port}/`;
  const response = await fetch(url, { ...init, method: "POST", body });
  let size = 0;
  for await (const chunk of response.body!) size += chunk.length;
  assert.equal(size, 80 * 65_536);
});

Deno.test("fetch() tells the server over multipath QUIC that a response is no longer wanted", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  await using server = serve(listen, () => {
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: cancelled.resolve,
    });
    return new Response(endless);
  });
  const response = await fetch(`https://127.0.0.1:${server.addr.port}/`, init);
  const reader = response.body!.getReader();
  await reader.read();
  await reader.cancel();
  const reason = await within(cancelled.promise);
  assert.ok(reason instanceof StreamError);
  assert.equal(reason.code, 0x10c);
});

Deno.test("HttpServer.shutdown() lets a download over multipath QUIC finish", async () => {
  const server = serve(listen, () => new Response(new Uint8Array(2_000_000)));
  const response = await fetch(`https://127.0.0.1:${server.addr.port}/`, init);
  const down = server.shutdown();
  assert.equal((await response.bytes()).length, 2_000_000);
  await within(down);
  await within(server.finished);
});

Deno.test("fetch() asks lists of revoked certificates over TCP as well", async () => {
  const { ca, identity, listOf } = makeRevocable();
  const asked = new Set<number>();
  const place = { port: 0, localAddresses: ["127.0.0.1"], ...identity };
  // Nothing listens for UDP there.
  await using server = await serveTcp(place, async (request, { remoteAddr }) => {
    asked.add(remoteAddr.port);
    return new Response(`${request.method} ${await request.text()}`);
  });
  const url = `https://127.0.0.1:${server.addrs[0]!.port}/`;
  const base: FetchInit = { caCerts: [ca], fallback: "tcp", fallbackDelay: 100, method: "PUT" };
  const lists = (serial: number) => ({ revocation: new RevocationLists([listOf([serial])]) });
  const good = { ...base, ...lists(SERIAL + 1) };
  for (const body of ["a", "b"]) {
    assert.equal(await (await fetch(url, { ...good, body })).text(), `PUT ${body}`);
  }
  assert.equal(asked.size, 1, "the connection is kept");
  await assert.rejects(fetch(url, { ...base, ...lists(SERIAL), body: "secret" }), { code: 0x12c });
  assert.equal(asked.size, 1);
});
