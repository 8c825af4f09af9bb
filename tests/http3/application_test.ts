import assert from "node:assert/strict";
import { ApplicationError, StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { RequestHandler } from "../../src/http3/handler.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { getLines, headersFrame, outcome, RawPeer, within } from "./raw_peer.ts";

// What an application hands to either end, and what its mistakes must not do to others.

interface Pair {
  readonly client: H3Client;
  readonly transport: MemoryTransport;
}

function connect(handler: RequestHandler, options?: H3ServerOptions): Pair {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, handler, options);
  return { client: new H3Client(transport), transport };
}

const url = "https://localhost/";

function moment(milliseconds = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** A body that gives a little, then fails. */
function failing(error: unknown): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isFirst = true;
  return new ReadableStream({
    async pull(controller) {
      if (!isFirst) throw error;
      isFirst = false;
      controller.enqueue(new Uint8Array(10));
      await moment();
    },
  }, { highWaterMark: 0 });
}

/** Errors as they come out of other connections, when bodies are passed on. */
const foreign: readonly [error: Error, code: number][] = [
  [new ApplicationError(0x100, "their connection was closed"), 0x102],
  [new ApplicationError(0x107, "their connection failed"), 0x102],
  [new StreamError(0x10b, "they did not process it"), 0x102],
  [new StreamError(0x10c, "they cancelled it"), 0x10c],
  [new StreamError(0x102, "they failed"), 0x102],
  [new DOMException("they fell silent", "TimeoutError"), 0x102],
];

Deno.test("H3Server closes no connection for a body that failed on another [attack error-isolation]", async () => {
  for (const [error, code] of foreign) {
    const { client, transport } = connect((request) => {
      return new Response(request.method === "GET" ? failing(error) : "fine");
    });
    const response = await within(client.fetch(new Request(url)));
    // RFC 9114, Section 4.1.1: what was processed is not called H3_REQUEST_REJECTED.
    await assert.rejects(within(response.bytes()), { name: "StreamError", code }, error.message);
    assert.equal(transport.closeInfo, undefined, error.message);
    const other = await within(client.fetch(new Request(url, { method: "POST" })));
    assert.equal(await other.text(), "fine");
  }
});

Deno.test("H3Server closes no connection for trailers that failed on another", async () => {
  for (const [error, code] of foreign) {
    const { client, transport } = connect((_, info) => {
      info.sendTrailers(() => Promise.reject(error));
      return new Response(new Uint8Array(3));
    });
    const response = await within(client.fetch(new Request(url)));
    await assert.rejects(within(response.bytes()), { name: "StreamError", code }, error.message);
    assert.equal(transport.closeInfo, undefined, error.message);
  }
});

Deno.test("H3Client.fetch() rejects with the error of its body, whichever it is, and cancels", async () => {
  for (const [error] of foreign) {
    const failure = Promise.withResolvers<unknown>();
    const { client, transport } = connect(async (request) => {
      await request.bytes().catch(failure.resolve);
      return new Response();
    });
    const init = { method: "POST", body: failing(error), duplex: "half" };
    await assert.rejects(within(client.fetch(new Request(url, init))), error);
    assert.equal((await within(failure.promise) as StreamError).code, 0x10c);
    assert.equal(transport.closeInfo, undefined, error.message);
    await moment();
    assert.equal(client.active, 0);
  }
});

Deno.test("H3Client.fetch() fails the body of a response when that of the request fails", async () => {
  const error = new StreamError(0x10c, "they cancelled it");
  const { client } = connect((request) => new Response(request.body));
  const init = { method: "POST", body: failing(error), duplex: "half" };
  const fetching = client.fetch(new Request(url, init)).then((response) => response.bytes());
  await assert.rejects(within(fetching), error);
});

Deno.test("H3Client.fetch() cancels when what it calls throws, and closes nothing", async () => {
  const error = new ApplicationError(0x107, "mine");
  const { client, transport } = connect((_, info) => {
    info.sendInformational(103, new Headers());
    return new Response("fine");
  });
  const onInformational = () => {
    throw error;
  };
  await assert.rejects(within(client.fetch(new Request(url), { onInformational })), error);
  const trailers = () => Promise.reject(error);
  await assert.rejects(within(client.fetch(new Request(url), { trailers })), error);
  assert.equal(transport.closeInfo, undefined);
  assert.equal(await (await within(client.fetch(new Request(url)))).text(), "fine");
});

Deno.test("H3Server answers 500 to responses that cannot be sent as they are", async () => {
  const spent = new Response("x");
  await spent.text();
  const locked = new Response("x");
  locked.body!.getReader();
  const length = (text: string, body: BodyInit | null = "x") =>
    new Response(body, { headers: { "content-length": text } });
  const unusable = [spent, locked, length("one"), length("1, 2"), length("-1"), length("1", null)];
  for (const [i, response] of unusable.entries()) {
    const { client } = connect(() => response);
    assert.equal((await within(client.fetch(new Request(url)))).status, 500, `${i}`);
    // Nor is one of them of more use when `onError` makes it.
    const { client: other } = connect(() => Promise.reject(new Error("first")), {
      onError: () => response,
    });
    assert.equal((await within(other.fetch(new Request(url)))).status, 500, `onError ${i}`);
  }
  for (const junk of [undefined, null, "text", Response.error()]) {
    const onError = () => junk as unknown as Response;
    const { client } = connect(() => Promise.reject(new Error("first")), { onError });
    assert.equal((await within(client.fetch(new Request(url)))).status, 500, String(junk));
  }
});

Deno.test("H3Server announces no length where none may be", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => {
    return new Response(null, { status: 204, headers: { "content-length": "4" } });
  }, {
    onConnect: (request) => new Response(request.body, { headers: { "content-length": "4" } }),
  });
  const client = new H3Client(transport);
  // RFC 9110, Section 8.6: neither with 204 nor with a tunnel.
  const response = await within(client.fetch(new Request(url)));
  assert.equal(response.headers.get("content-length"), null);
  const tunnel = await within(client.connect(url, "x", { body: new Response("longer").body! }));
  assert.equal(tunnel.headers.get("content-length"), null);
  assert.equal(await within(tunnel.text()), "longer");
});

Deno.test("H3Client.fetch() refuses lengths that its content does not have", async () => {
  const { client } = connect(() => new Response("fine"));
  for (const [length, body] of [["5", null], ["x", "y"], ["1, 2", "y"]] as const) {
    const headers = { "content-length": length };
    const request = new Request(url, { method: "POST", headers, body });
    await assert.rejects(within(client.fetch(request)), TypeError, length);
  }
  const used = new Request(url, { method: "POST", body: "x" });
  await used.text();
  await assert.rejects(within(client.fetch(used)), TypeError);
  await moment();
  assert.equal(client.active, 0);
});

Deno.test("H3Server does not wait for a body that HEAD leaves unread", async () => {
  const cancels = [() => new Promise<void>(() => {}), () => Promise.reject(new Error("no"))];
  for (const cancel of cancels) {
    const { client } = connect(() => new Response(new ReadableStream({ cancel })));
    const head = await within(client.fetch(new Request(url, { method: "HEAD" })));
    assert.equal(head.status, 200);
    await moment();
    assert.equal(client.active, 0, "the response has ended");
  }
});

Deno.test("RequestInfo.sendInformational() is for the time before the response", async () => {
  const late = Promise.withResolvers<unknown>();
  const { client } = connect((_, info) => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        try {
          info.sendInformational(103, new Headers());
        } catch (error) {
          late.resolve(error);
        }
        controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body);
  });
  const response = await within(client.fetch(new Request(url)));
  assert.equal(await within(response.text()), "");
  assert.ok(await within(late.promise) instanceof TypeError);
});

Deno.test("H3Client.connect() refuses protocols that are no token, and goes on", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("fine"), { onConnect: () => new Response() });
  const client = new H3Client(transport);
  for (const protocol of ["", "a b", "\u{1f50c}", "a\r\nb"]) {
    await assert.rejects(within(client.connect(url, protocol)), TypeError, protocol);
  }
  assert.equal(await (await within(client.fetch(new Request(url)))).text(), "fine");
});

Deno.test("MessageWriter tells early answers from bodies that are too short", async () => {
  // The server stops reading while the body's source still thinks; the answer counts.
  const [transport, server] = MemoryTransport.pair();
  const client = new H3Client(transport);
  const headers = { "content-length": "100" };
  const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const init = { method: "POST", headers, body, duplex: "half" };
  const fetching = client.fetch(new Request(url, init));
  const { value } = await server.incomingBidirectionalStreams.getReader().read();
  await moment();
  value!.readable.cancel(new StreamError(0x100, "enough")).catch(() => {});
  await moment();
  const writer = value!.writable.getWriter();
  writer.closed.catch(() => {});
  writer.write(headersFrame([[":status", "413"]])).catch(() => {});
  writer.close().catch(() => {});
  assert.equal((await within(fetching)).status, 413);
});

Deno.test("H3Server sends no response that says one length and has another", async () => {
  const [transport, server] = MemoryTransport.pair();
  serveConnection(server, () => {
    const headers = { "content-length": "10" };
    return new Response(new Response("short").body, { headers });
  });
  const peer = new RawPeer(transport);
  await peer.settings();
  const stream = await transport.createBidirectionalStream();
  const writer = stream.writable.getWriter();
  await writer.write(headersFrame(getLines));
  await writer.close();
  assert.deepEqual(await within(outcome(stream)), { kind: "reset", code: 0x102 });
});
