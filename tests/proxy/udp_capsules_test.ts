import assert from "node:assert/strict";
import { dial } from "../../src/api/dial.ts";
import { concatBytes } from "../../src/bytes/bytes.ts";
import { StreamError } from "../../src/error/quic_error.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { CapsuleReader, encodeCapsule } from "../../src/http3/wire/capsule.ts";
import { H3ErrorCode } from "../../src/http3/wire/code_point.ts";
import { connectUdp } from "../../src/proxy/connect_udp.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { within } from "../http3/raw_peer.ts";
import { farSide, token } from "./far_side.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);
/** A capsule with a datagram of UDP. */
const capsule = (payload: Uint8Array) => encodeCapsule(0, concatBytes(Uint8Array.of(0), payload));

/** A UDP host on loopback that sends back what it gets. */
function echo(): Deno.DatagramConn {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const [data, from] of socket) await socket.send(data, from);
  })().catch(() => {});
  return socket;
}

/** Asks a proxy for a tunnel to a host, by hand, and gives both directions of its stream. */
async function ask(url: string, host: Deno.DatagramConn, datagrams: boolean, more = {}) {
  const options = { caCerts: [cert], localAddresses: ["127.0.0.1"] };
  const client = new H3Client(await within(dial(url, options)), { datagrams });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const { port } = host.addr as Deno.NetAddr;
  const headers = { authorization: `Bearer ${token}`, "capsule-protocol": "?1", ...more };
  const place = `${url}/.well-known/masque/udp/127.0.0.1/${port}/`;
  const init = { headers, body: readable };
  const response = await within(client.connect(place, "connect-udp", init));
  assert.equal(response.status, 200);
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  return { client, response, writer };
}

Deno.test("a proxy takes datagrams in capsules over HTTP/3, and answers a client without others by them", async () => {
  const host = echo();
  const { server, url } = farSide();
  await using _ = server;
  const { client, response, writer } = await ask(url, host, false);
  const capsules = new CapsuleReader(response.body!);
  for (const size of [5, 2_000, 20_000]) {
    const payload = new Uint8Array(size).fill(size);
    // What is not known is passed over.
    writer.write(concatBytes(encodeCapsule(0x1234, bytes("?")), capsule(payload)));
    const answer = await within(capsules.next());
    assert.deepEqual(answer?.value, concatBytes(Uint8Array.of(0), payload), `${size}`);
  }
  writer.close();
  assert.equal(await within(capsules.next()), undefined);
  await client[Symbol.asyncDispose]();
  host.close();
});

Deno.test("a proxy resets a tunnel whose capsules are cut off or too long", async () => {
  const host = echo();
  const { server, url } = farSide();
  await using _ = server;
  const wrong: [Uint8Array, number][] = [
    [capsule(bytes("cut")).subarray(0, 3), H3ErrorCode.MessageError],
    [capsule(new Uint8Array(65_528)), H3ErrorCode.MessageError],
    [capsule(new Uint8Array(100_000)), H3ErrorCode.ExcessiveLoad],
  ];
  for (const [data, code] of wrong) {
    const { client, response, writer } = await ask(url, host, true);
    writer.write(data).catch(() => {});
    writer.close().catch(() => {});
    await assert.rejects(
      within(response.bytes()),
      (error) => error instanceof StreamError && error.code === code,
      `${data.length}`,
    );
    await client[Symbol.asyncDispose]();
  }
  host.close();
});

Deno.test("connectUdp() goes by capsules over HTTP/3 where a proxy takes no other datagrams", async () => {
  for (const datagrams of [false, true]) {
    await using server = proxyOf(datagrams, ({ body }, info) => {
      if (datagrams) return new Response(capsuleOf(info.datagrams!.read()));
      return new Response(body);
    });
    const url = `https://localhost:${server.addr.port}`;
    const options = { caCerts: [cert], localAddresses, idleTimeout: 1_000 };
    const tunnel = await within(connectUdp(url, "192.0.2.1:5000", options));
    assert.equal(tunnel.maxSize > 60_000, !datagrams);
    await tunnel.send(bytes("there and back"));
    assert.equal(text(await within(tunnel.read())), "there and back");
    tunnel.close();
    await within(tunnel.closed);
  }
});

const localAddresses = ["127.0.0.1"];

/** A server that answers each CONNECT as it is told to. */
function proxyOf(
  datagrams: boolean,
  onConnect: NonNullable<Parameters<typeof serve>[0]["onConnect"]>,
): ReturnType<typeof serve> {
  const options = { port: 0, cert, key, localAddresses, datagrams, onConnect };
  return serve(options, () => new Response(null));
}

/** A stream that has one datagram in a capsule, and then nothing. */
function capsuleOf(datagram: Promise<Uint8Array | undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async start(controller) {
      controller.enqueue(encodeCapsule(0, (await datagram)!));
    },
  });
}

Deno.test("connect-udp with fields that describe content is refused by either end", async () => {
  const host = echo();
  const { server, url } = farSide();
  await using _ = server;
  const more = { "content-type": "text/plain" };
  await assert.rejects(ask(url, host, true, more), { actual: 400 });
  host.close();
  await using other = proxyOf(true, ({ body }) => new Response(body, { headers: more }));
  const place = `https://localhost:${other.addr.port}`;
  const options = { caCerts: [cert], localAddresses, idleTimeout: 1_000 };
  await assert.rejects(
    within(connectUdp(place, "192.0.2.1:5000", options)),
    (error) => error instanceof StreamError && error.code === H3ErrorCode.MessageError,
  );
});
