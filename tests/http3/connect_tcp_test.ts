import assert from "node:assert/strict";
import { StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import type { ConnectHandler, ConnectRequest } from "../../src/http3/handler.ts";
import type { H3ServerOptions } from "../../src/http3/options.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import { H3ErrorCode } from "../../src/http3/wire/code_point.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { dataFrame, headersFrame, type Lines, RawPeer, within } from "./raw_peer.ts";

const target = "host.example:22";

function connect(onConnectTcp?: ConnectHandler, options: H3ServerOptions = {}): H3Client {
  const [client, server] = MemoryTransport.pair();
  serveConnection(server, () => new Response("a page"), {
    ...options,
    ...(onConnectTcp && { onConnectTcp }),
  });
  return new H3Client(client);
}

/** A stream of bytes and what feeds it. */
function pipe(): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream<Uint8Array, Uint8Array>();
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("A plain CONNECT names host and port, and carries bytes both ways as they come", async () => {
  let seen: ConnectRequest | undefined;
  const client = connect((request) => {
    seen = request;
    return new Response(request.body);
  });
  const up = pipe();
  const init = { headers: { "x-a": "b" }, body: up.readable };
  const response = await within(client.connectTcp(target, init));
  assert.equal(response.status, 200);
  assert.deepEqual([seen!.protocol, seen!.url, seen!.headers.get("x-a")], ["", target, "b"]);
  const down = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const writer = up.writable.getWriter();
  for (const text of ["one", "two"]) {
    writer.write(bytes(text));
    assert.equal((await within(down.read())).value, text);
  }
  writer.close();
  assert.equal((await within(down.read())).done, true);
});

Deno.test("A plain CONNECT is refused without a handler for it", async () => {
  for (const client of [connect(), connect(undefined, { onConnect: () => new Response(null) })]) {
    const response = await within(client.connectTcp(target));
    assert.equal(response.status, 501);
  }
});

Deno.test("The client's direction of a tunnel goes on after the server's has ended", async () => {
  const got = Promise.withResolvers<string>();
  const client = connect(({ body }) => {
    new Response(body).text().then(got.resolve, got.reject);
    return new Response("all there is");
  });
  const up = pipe();
  const response = await within(client.connectTcp(target, { body: up.readable }));
  assert.equal(await within(response.text()), "all there is");
  const writer = up.writable.getWriter();
  await within(writer.write(bytes("more ")));
  await within(writer.write(bytes("still")));
  writer.close();
  assert.equal(await within(got.promise), "more still");
});

Deno.test("A broken TCP connection of the server resets the stream with its code", async () => {
  const broken = new StreamError(H3ErrorCode.ConnectError, "reset by the host");
  const client = connect(() =>
    new Response(new ReadableStream({ pull: (controller) => controller.error(broken) }))
  );
  const up = pipe();
  const response = await within(client.connectTcp(target, { body: up.readable }));
  await assert.rejects(
    within(response.text()),
    (error) => error instanceof StreamError && error.code === H3ErrorCode.ConnectError,
  );
  await assert.rejects(within(up.writable.getWriter().closed));
});

Deno.test("A broken TCP connection of the client resets the stream with its code", async () => {
  const seen = Promise.withResolvers<unknown>();
  const client = connect(({ body }) => {
    new Response(body).text().catch(seen.resolve);
    return new Response(new ReadableStream());
  });
  const up = pipe();
  const response = await within(client.connectTcp(target, { body: up.readable }));
  const broken = new StreamError(H3ErrorCode.ConnectError, "reset by the program");
  up.writable.abort(broken).catch(() => {});
  const error = await within(seen.promise);
  assert.ok(error instanceof StreamError && error.code === H3ErrorCode.ConnectError, `${error}`);
  await assert.rejects(within(response.text()));
});

Deno.test("A tunnel may be silent for longer than a body, and its end too", async () => {
  const client = connect(({ body }) => new Response(body), { bodyTimeout: 20 });
  const up = pipe();
  const response = await within(client.connectTcp(target, { body: up.readable }));
  await new Promise((resolve) => setTimeout(resolve, 60));
  const writer = up.writable.getWriter();
  writer.write(bytes("late"));
  writer.close();
  assert.equal(await within(response.text()), "late");
});

Deno.test("A client may take what comes through a tunnel as late as it likes", async () => {
  const size = 200_000;
  const client = connect(() => new Response(new Uint8Array(size)), { bodyTimeout: 20 });
  const response = await within(client.connectTcp(target));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await within(response.bytes())).length, size);
});

Deno.test("Tunnels that clients reset do not count as failing requests", async () => {
  const client = connect(() => new Response(new ReadableStream()), { maxFailuresPerSecond: 3 });
  for (let i = 0; i < 10; i++) {
    const response = await within(client.connectTcp(target, { body: new ReadableStream() }));
    await response.body!.cancel();
  }
  assert.equal((await within(client.connectTcp(target))).status, 200);
});

Deno.test("H3Client.connectTcp() takes no target without a port", async () => {
  const client = connect();
  for (const wrong of ["host", "https://host:1", "user@host:1", "host:", ""]) {
    await assert.rejects(client.connectTcp(wrong), TypeError, wrong);
  }
});

Deno.test("A plain CONNECT with a scheme, a path or without authority is malformed", async () => {
  const wrong: Lines[] = [
    [[":method", "CONNECT"], [":authority", target], [":scheme", "https"]],
    [[":method", "CONNECT"], [":authority", target], [":path", "/"]],
    [[":method", "CONNECT"]],
  ];
  for (const lines of wrong) {
    const [client, server] = MemoryTransport.pair();
    serveConnection(server, () => new Response(null), {
      onConnectTcp: ({ body }) => new Response(body),
    });
    const outcome = await within(new RawPeer(client).request(headersFrame(lines)));
    assert.deepEqual(outcome, { kind: "reset", code: H3ErrorCode.MessageError });
  }
});

/** Asks a server for a tunnel that answers with these fields, and sends some bytes behind them. */
async function answered(lines: Lines): Promise<Response> {
  const [ours, theirs] = MemoryTransport.pair();
  await new RawPeer(theirs).settings();
  const asking = new H3Client(ours).connectTcp(target, { body: new ReadableStream() });
  asking.catch(() => {});
  const { value } = await within(theirs.incomingBidirectionalStreams.getReader().read());
  const writer = value!.writable.getWriter();
  writer.closed.catch(() => {});
  for (const part of [headersFrame(lines), dataFrame("hello")]) writer.write(part).catch(() => {});
  writer.close().catch(() => {});
  return await within(asking);
}

Deno.test("A length in the answer to CONNECT is ignored where a tunnel begins", async () => {
  for (const length of ["0", "3", "99", "junk", "1, 2"]) {
    const response = await answered([[":status", "200"], ["content-length", length]]);
    assert.equal(await within(response.text()), "hello", length);
  }
  const refusal = await answered([[":status", "403"], ["content-length", "3"]]);
  await assert.rejects(within(refusal.text()), StreamError, "no tunnel, so the length counts");
});

Deno.test("A tunnel whose response can have no content is malformed", async () => {
  for (const status of ["204", "205"]) {
    await assert.rejects(
      answered([[":status", status]]),
      (error) => error instanceof StreamError && error.code === H3ErrorCode.MessageError,
      status,
    );
  }
});
