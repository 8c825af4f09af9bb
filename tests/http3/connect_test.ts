import assert from "node:assert/strict";
import type { StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { responseTrailers } from "../../src/http3/client/client_exchange.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import type { ConnectHandler, ConnectRequest } from "../../src/http3/handler.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, getLines, headersFrame, type Lines, RawPeer, within } from "./raw_peer.ts";

const url = "https://localhost/chat?room=1";

function connect(onConnect?: ConnectHandler, options: H3ServerOptions = {}): H3Client {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("a page"), {
    ...options,
    ...(onConnect && { onConnect }),
  });
  return new H3Client(client);
}

/** A stream to write into, as bodies are read from. */
function pipe(): { body: ReadableStream<Uint8Array>; write(text: string): void; end(): void } {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  return {
    body,
    write: (text) => controller.enqueue(new TextEncoder().encode(text)),
    end: () => controller.close(),
  };
}

Deno.test("H3Client.connect() opens a tunnel that carries bytes both ways as they come", async () => {
  let seen: ConnectRequest | undefined;
  const client = connect((request) => {
    seen = request;
    return new Response(request.body, { headers: { "x-chosen": request.protocol } });
  });
  const up = pipe();
  const response = await within(
    client.connect(url, "websocket", { headers: { "x-a": "b" }, body: up.body }),
  );
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("x-chosen"), "websocket");
  assert.deepEqual([seen!.protocol, seen!.url, seen!.headers.get("x-a")], ["websocket", url, "b"]);
  const down = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (const text of ["one", "two", "three"]) {
    up.write(text);
    assert.equal((await within(down.read())).value, text);
  }
  up.end();
  assert.equal((await within(down.read())).done, true);
});

Deno.test("H3Client.connect() tells when the server does not want the tunnel", async () => {
  const refused = await within(
    connect(() => new Response(null, { status: 501 })).connect(url, "x"),
  );
  assert.equal(refused.status, 501);
  const failed = await within(
    connect(() => {
      throw new Error("no");
    }).connect(url, "x"),
  );
  assert.equal(failed.status, 500);
});

Deno.test("H3Client.connect() rejects when the server takes no extended CONNECT", async () => {
  const client = connect();
  await assert.rejects(within(client.connect(url, "websocket")), TypeError);
  const { status } = await within(client.fetch(new Request(url)));
  assert.equal(status, 200, "the connection goes on");
});

Deno.test("H3Client.connect() stops waiting when it is aborted or the connection ends", async () => {
  const [transport, other] = MemoryTransport.pair();
  const client = new H3Client(transport); // neither end sends SETTINGS
  const reason = new Error("enough");
  const abort = new AbortController();
  const aborted = client.connect(url, "x", { signal: abort.signal });
  abort.abort(reason);
  await assert.rejects(within(aborted), reason);
  const waiting = client.connect(url, "x");
  other.close({ closeCode: 7, reason: "" });
  await assert.rejects(within(waiting), /the connection was closed with code 7/);
});

Deno.test("H3Client.connect() aborts the handler's signal with its own", async () => {
  const opened = Promise.withResolvers<ConnectRequest>();
  const client = connect((request) => {
    opened.resolve(request);
    return new Response(new ReadableStream());
  });
  const abort = new AbortController();
  const { body } = pipe();
  const response = await within(client.connect(url, "x", { body, signal: abort.signal }));
  const { signal } = await opened.promise;
  const heard = new Promise((resolve) => signal.addEventListener("abort", resolve));
  abort.abort(new Error("enough"));
  await within(heard);
  assert.equal((signal.reason as StreamError).code, 0x10c);
  await assert.rejects(within(response.text()), { message: "enough" });
});

const extended: Lines = [[":method", "CONNECT"], [":protocol", "x"], ...getLines.slice(1)];

async function raw(lines: Lines, onConnect?: ConnectHandler): Promise<number | string> {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("a page"), onConnect && { onConnect });
  const peer = new RawPeer(client);
  await peer.settings();
  const outcome = await within(peer.request(headersFrame(lines)));
  return outcome.kind === "reset" ? outcome.code : outcome.status;
}

Deno.test("H3Server takes :protocol only with CONNECT, and only if it said so", async () => {
  const agree: ConnectHandler = () => new Response(null);
  assert.equal(await raw(extended, agree), "200");
  assert.equal(await raw(extended), 0x10e, "not announced");
  assert.equal(await raw([...getLines, [":protocol", "x"]], agree), 0x10e, "GET");
  const without = (name: string) => extended.filter(([other]) => other !== name);
  for (const name of [":scheme", ":path", ":authority"]) {
    assert.equal(await raw(without(name), agree), 0x10e, `no ${name}`);
  }
  const named = (protocol: string): Lines => [[":protocol", protocol], ...without(":protocol")];
  assert.equal(await raw(named(""), agree), 0x10e, "empty");
  assert.equal(await raw(named("a b"), agree), 0x10e, "no token");
  assert.equal(await raw([[":protocol", "x"], ...extended], agree), 0x10e, "twice");
  const plain: Lines = [[":method", "CONNECT"], [":authority", "localhost:1"]];
  assert.equal(await raw(plain, agree), "501", "a tunnel to a host");
});

Deno.test("H3Server lets tunnels be silent for longer than bodies", async () => {
  const client = connect((request) => new Response(request.body), { bodyTimeout: 20 });
  const up = pipe();
  const response = await within(client.connect(url, "x", { body: up.body }));
  await new Promise((resolve) => setTimeout(resolve, 80));
  up.write("late");
  up.end();
  assert.equal(await within(response.text()), "late");
});

Deno.test("A tunnel has no trailers, whichever end sends them", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response(), {
    onConnect: (request, info) => {
      info.sendTrailers(new Headers({ a: "b" }));
      return new Response(request.body);
    },
  });
  const client = new H3Client(transport);
  const { body } = new Response("through");
  const response = await within(client.connect(url, "x", { body: body! }));
  assert.equal(await within(response.text()), "through");
  assert.equal(await responseTrailers(response), undefined);

  const peer = new RawPeer(transport);
  const trailers = headersFrame([["a", "b"]]);
  peer.request(headersFrame(extended), dataFrame("x"), trailers).catch(() => {});
  assert.equal(await peer.closeCode(), 0x105);

  const [other, evil] = MemoryTransport.pair();
  const attacked = new H3Client(other);
  const attacker = new RawPeer(evil);
  await attacker.open(0x00, frame(0x04, varints(0x08, 1)));
  const connecting = attacked.connect(url, "x");
  const { value } = await evil.incomingBidirectionalStreams.getReader().read();
  const writer = value!.writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(headersFrame([[":status", "200"]]));
  writer.write(trailers).catch(() => {});
  const tunnel = await within(connecting);
  await assert.rejects(within(tunnel.text()), { code: 0x105 });
  assert.equal(await attacker.closeCode(), 0x105);
});
