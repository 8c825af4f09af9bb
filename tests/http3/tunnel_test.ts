import assert from "node:assert/strict";
import { MultipathConnection } from "../../src/api/multipath_connection.ts";
import { CapsuleReader, CapsuleType, encodeCapsule } from "../../src/http3/wire/capsule.ts";
import { H3Client } from "../../src/http3/client/client.ts";
import { responseDatagrams } from "../../src/http3/client/client_exchange.ts";
import { fetch } from "../../src/http2/fetch.ts";
import { serve } from "../../src/http3/server/serve.ts";
import { cert, key } from "./deno_quic.ts";
import { within } from "./raw_peer.ts";

Deno.test("An extended CONNECT carries capsules and datagrams over multipath QUIC", async () => {
  await using server = serve({
    port: 0,
    cert,
    key,
    localAddresses: ["127.0.0.1"],
    datagrams: true,
    onConnect: (request, info) => {
      echo(info.datagrams!);
      return new Response(request.body);
    },
  }, () => new Response(null));
  await using connection = await MultipathConnection.connect({
    hostname: "127.0.0.1",
    port: server.addr.port,
    serverName: "localhost",
    caCerts: [cert],
    localAddresses: ["127.0.0.1"],
    alpnProtocols: ["h3"],
  });
  const client = new H3Client(connection, { datagrams: true });
  const up = new TransformStream<Uint8Array, Uint8Array>();
  const url = `https://127.0.0.1:${server.addr.port}/`;
  const response = await within(client.connect(url, "connect-udp", { body: up.readable }));
  assert.equal(response.status, 200);
  const capsules = new CapsuleReader(response.body!);
  const writer = up.writable.getWriter();
  for (const size of [0, 10, 5_000]) {
    const value = new Uint8Array(size).fill(size);
    writer.write(encodeCapsule(CapsuleType.Datagram, value));
    assert.deepEqual((await within(capsules.next()))!.value, value);
  }
  const datagrams = responseDatagrams(response)!;
  assert.ok(datagrams.maxSize > 1_000, `${datagrams.maxSize}`);
  const data = new Uint8Array(datagrams.maxSize).fill(7);
  await datagrams.send(data);
  assert.deepEqual(await within(datagrams.read()), data);
  await writer.close();
  assert.equal(await within(capsules.next()), undefined);
});

Deno.test("fetch() gives requests datagrams when it is told to", async () => {
  await using server = serve({
    port: 0,
    cert,
    key,
    localAddresses: ["127.0.0.1"],
    datagrams: true,
  }, (_, info) => {
    echo(info.datagrams!);
    return new Response(new ReadableStream());
  });
  const response = await fetch(`https://localhost:${server.addr.port}/`, {
    caCerts: [cert],
    localAddresses: ["127.0.0.1"],
    datagrams: true,
    idleTimeout: 20,
  });
  const datagrams = responseDatagrams(response)!;
  await datagrams.send(new Uint8Array([1, 2, 3]));
  assert.deepEqual(await within(datagrams.read()), new Uint8Array([1, 2, 3]));
  await response.body!.cancel();
  assert.equal(await within(datagrams.read()), undefined);
});

async function echo(
  datagrams: { read(): Promise<Uint8Array | undefined>; send(data: Uint8Array): Promise<void> },
): Promise<void> {
  for (let data; (data = await datagrams.read());) await datagrams.send(data);
}
