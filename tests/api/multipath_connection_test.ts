import assert from "node:assert/strict";
import { ApplicationError, PathError, StreamError } from "../../src/error/quic_error.ts";
import { dial } from "../../src/api/dial.ts";
import type { MultipathConnection } from "../../src/api/multipath_connection.ts";
import type { MultipathListener } from "../../src/api/listen.ts";
import type { ConnectOptions, ListenOptions } from "../../src/api/options/options.ts";
import { strictPriorityOrder } from "../../src/scheduler/stream_order.ts";
import { patternBytes } from "../../src/sim/pattern.ts";
import { TEST_CERTIFICATE } from "../../src/sim/test_certificate.ts";
import { dialHere, listenHere } from "./loopback.ts";

async function echo(connection: MultipathConnection): Promise<void> {
  for await (const { readable, writable } of connection.incomingBidirectionalStreams) {
    readable.pipeTo(writable).catch(() => {});
  }
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  );
}

/** A client and a server, connected. */
class Joined implements AsyncDisposable {
  readonly listener: MultipathListener;
  readonly client: MultipathConnection;
  readonly server: MultipathConnection;

  private constructor(
    listener: MultipathListener,
    client: MultipathConnection,
    server: MultipathConnection,
  ) {
    this.listener = listener;
    this.client = client;
    this.server = server;
  }

  static async make(
    listen: Partial<ListenOptions> = {},
    connect: Partial<ConnectOptions> = {},
  ): Promise<Joined> {
    const listener = listenHere(listen);
    const [client, server] = await Promise.all([
      dialHere(listener, connect),
      listener.accept(),
    ]);
    return new Joined(listener, client, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.listener[Symbol.asyncDispose]();
  }
}

Deno.test("MultipathConnection carries a stream there and back", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  echo(server).catch(() => {});
  const data = patternBytes(1, 0, 3_000_000);
  const { readable, writable } = await client.createBidirectionalStream();
  const writer = writable.getWriter();
  const written = writer.write(data).then(() => writer.close());
  assert.deepEqual(await readAll(readable), data);
  await written;
  assert.equal(client.protocol, "echo");
  assert.equal(server.protocol, "echo");
  assert.equal(server.serverName, "server.test");
  assert.equal(client.remoteAddr.port, joined.listener.addrs[0]!.port);
  assert.equal(client.paths.length, 1);
});

Deno.test("MultipathConnection works over IPv6 and names", async () => {
  await using listener = listenHere({ localAddresses: ["::1", "127.0.0.1"] });
  const { port } = listener.addrs[0]!;
  for (const hostname of ["::1", "localhost"]) {
    await using client = await dialHere(listener, { hostname, port });
    const server = await listener.accept();
    echo(server).catch(() => {});
    const { readable, writable } = await client.createBidirectionalStream();
    const writer = writable.getWriter();
    writer.write(new Uint8Array([1, 2, 3]));
    writer.close();
    assert.deepEqual(await readAll(readable), new Uint8Array([1, 2, 3]));
  }
});

Deno.test("MultipathConnection.openPath() opens paths that both ends see and use", async () => {
  await using joined = await Joined.make({ localAddresses: ["127.0.0.1", "127.0.0.2"] });
  const { client, server, listener } = joined;
  assert.equal(client.multipath, true);
  const incoming = server.incomingPaths.getReader();
  const path = await client.openPath({ remoteAddress: listener.addrs[1]! });
  await path.ready;
  assert.equal(path.id, 1);
  assert.equal(path.remoteAddr.hostname, "127.0.0.2");
  assert.deepEqual(client.paths.map(({ id }) => id), [0, 1]);
  const { value: seen } = await incoming.read();
  assert.equal(seen!.id, 1);
  assert.deepEqual(seen!.localAddr, listener.addrs[1]);
  assert.ok(await path.ping() < 1_000);
  echo(server).catch(() => {});
  const data = patternBytes(2, 0, 2_000_000);
  const { readable, writable } = await client.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.write(data).then(() => writer.close());
  assert.deepEqual(await readAll(readable), data);
  for (const { stats } of client.paths) assert.ok(stats.bytesSent > 1_000, "each path was used");
  path.close();
  const { closeCode } = await path.closed;
  assert.equal(closeCode, 0x3e);
  await seen!.closed;
  assert.deepEqual(client.paths.map(({ id }) => id), [0]);
  assert.ok(path.stats.bytesSent > 0);
  assert.throws(() => client.paths[0]!.close(), PathError);
});

Deno.test("MultipathConnection opens a path from each local address by itself", async () => {
  await using joined = await Joined.make({}, { localAddresses: ["127.0.0.1", "127.0.0.3"] });
  const { client, server } = joined;
  const { value: path } = await server.incomingPaths.getReader().read();
  assert.equal(path!.remoteAddr.hostname, "127.0.0.3");
  await until(() => client.paths.length === 2);
  assert.deepEqual(
    client.paths.map(({ localAddr }) => localAddr.hostname),
    ["127.0.0.1", "127.0.0.3"],
  );
});

Deno.test("MultipathConnection.openPath() opens two paths over one address", async () => {
  await using joined = await Joined.make();
  const path = await joined.client.openPath();
  assert.equal(path.localAddr.hostname, joined.client.paths[0]!.localAddr.hostname);
  assert.notEqual(path.localAddr.port, joined.client.paths[0]!.localAddr.port);
});

Deno.test("Streams and datagrams can be bound to a path", async () => {
  await using joined = await Joined.make({ localAddresses: ["127.0.0.1", "127.0.0.2"] });
  const { client, server, listener } = joined;
  const path = await client.openPath({ remoteAddress: listener.addrs[1]!, status: "backup" });
  const before = path.stats.bytesSent;
  const data = patternBytes(3, 0, 200_000);
  const stream = await client.createUnidirectionalStream({ path });
  assert.equal(stream.path, path);
  const writer = stream.getWriter();
  await writer.write(data);
  await writer.close();
  assert.ok(path.stats.bytesSent - before > 200_000);
  const { value } = await server.incomingUnidirectionalStreams.getReader().read();
  assert.deepEqual(await readAll(value!), data);
  stream.path = undefined;
  assert.equal(stream.path, undefined);

  const datagrams = path.stats.datagramsSent;
  await client.sendDatagram(new Uint8Array([7]), { path });
  assert.deepEqual(await server.readDatagram(), new Uint8Array([7]));
  assert.ok(path.stats.datagramsSent > datagrams);

  await using others = await Joined.make();
  const foreign = others.client.paths[0]!;
  await assert.rejects(client.createUnidirectionalStream({ path: foreign }), PathError);
  await assert.rejects(client.sendDatagram(new Uint8Array(1), { path: foreign }), PathError);
  path.close();
  await path.closed;
  await assert.rejects(client.createBidirectionalStream({ path }), PathError);
  assert.throws(() => (stream.path = path), PathError);
});

Deno.test("Streams can depend on each other", async () => {
  await using joined = await Joined.make({}, { streamOrder: strictPriorityOrder });
  const { client } = joined;
  const first = await client.createUnidirectionalStream();
  const second = await client.createUnidirectionalStream({ dependsOn: first });
  assert.equal(second.dependsOn, first);
  assert.equal(first.dependsOn, undefined);
  assert.throws(() => (first.dependsOn = second), RangeError);
  await first.close();
  assert.equal(second.dependsOn, undefined);
  second.dependsOn = first;
  assert.equal(second.dependsOn, undefined, "it has come to its end");
  await using others = await Joined.make();
  const foreign = await others.client.createUnidirectionalStream();
  assert.throws(() => (second.dependsOn = foreign), TypeError);
  await assert.rejects(client.createUnidirectionalStream({ dependsOn: foreign }), TypeError);
});

Deno.test("MultipathConnection.openPath() fails when there is no multipath, and on the server", async () => {
  await using joined = await Joined.make({ maxConcurrentPaths: 1 });
  assert.equal(joined.client.multipath, false);
  await assert.rejects(joined.client.openPath(), PathError);
  await assert.rejects(joined.server.openPath(), TypeError);
  const wrong = joined.client.openPath({ localAddress: "::1" });
  await assert.rejects(wrong, TypeError);
});

Deno.test("Path.status tells the peer", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  const incoming = server.incomingPaths.getReader();
  const path = await client.openPath({ status: "backup" });
  const { value: seen } = await incoming.read();
  await until(() => seen!.status === "backup");
  path.status = "available";
  await until(() => seen!.status === "available");
});

Deno.test("MultipathConnection.close() ends everything at both ends with code and reason", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  const { readable, writable } = await client.createBidirectionalStream();
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  await writer.write(new Uint8Array(10));
  const { value: stream } = await server.incomingBidirectionalStreams.getReader().read();
  const reading = readable.getReader().read();
  reading.catch(() => {});
  const waiting = server.incomingUnidirectionalStreams.getReader().read();
  const datagram = client.readDatagram();
  datagram.catch(() => {});
  client.close({ closeCode: 42, reason: "done" });
  assert.deepEqual(await client.closed, { closeCode: 42, reason: "done" });
  assert.deepEqual(await server.closed, { closeCode: 42, reason: "done" });
  const isClose = (error: Error) => error instanceof ApplicationError && error.code === 42;
  await assert.rejects(reading, isClose);
  await assert.rejects(datagram, isClose);
  await assert.rejects(writer.write(new Uint8Array(1)), isClose);
  await assert.rejects(client.createBidirectionalStream(), isClose);
  await assert.rejects(client.openPath(), isClose);
  assert.equal((await waiting).done, true);
  const reader = stream!.readable.getReader();
  assert.equal((await reader.read()).value!.length, 10);
  await assert.rejects(reader.read(), isClose);
});

Deno.test("MultipathConnection waits for streams when told to, and fails when not", async () => {
  await using joined = await Joined.make({ maxConcurrentUnidirectionalStreams: 2 });
  const { client, server } = joined;
  const first = await client.createUnidirectionalStream();
  await client.createUnidirectionalStream();
  await assert.rejects(client.createUnidirectionalStream(), { name: "QuotaExceededError" });
  const third = client.createUnidirectionalStream({ waitUntilAvailable: true });
  const incoming = server.incomingUnidirectionalStreams.getReader();
  const closed = first.close();
  const { value } = await incoming.read();
  assert.deepEqual(await readAll(value!), new Uint8Array());
  await closed;
  assert.equal((await third).id, 10n);
});

Deno.test("MultipathConnection carries StreamError codes both ways", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  const { readable, writable } = await client.createBidirectionalStream();
  const writer = writable.getWriter();
  await writer.write(new Uint8Array(1));
  const { value } = await server.incomingBidirectionalStreams.getReader().read();
  await value!.readable.cancel(new StreamError(7, "no more"));
  await assert.rejects(writer.closed, (error: StreamError) => error.code === 7);
  await value!.writable.abort(new StreamError(8, "enough"));
  await assert.rejects(readable.getReader().read(), (error: StreamError) => error.code === 8);
});

Deno.test("MultipathConnection sends and reads datagrams", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  assert.ok(client.maxDatagramSize > 1_000);
  const read = server.readDatagram();
  await client.sendDatagram(new Uint8Array([1, 2, 3]));
  assert.deepEqual(await read, new Uint8Array([1, 2, 3]));
  const size = client.maxDatagramSize;
  await client.sendDatagram(new Uint8Array(size).fill(9));
  assert.equal((await server.readDatagram()).length, size);
  await assert.rejects(client.sendDatagram(new Uint8Array(2_000)), RangeError);
});

Deno.test("MultipathConnection.sendDatagram() refuses what is no Uint8Array, and goes on", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  for (const other of ["text", [1, 2], null, new ArrayBuffer(8), new Uint16Array(3)]) {
    await assert.rejects(client.sendDatagram(other as unknown as Uint8Array), TypeError);
  }
  await client.sendDatagram(new Uint8Array(new SharedArrayBuffer(3), 1, 2).fill(7));
  assert.deepEqual(await server.readDatagram(), new Uint8Array([7, 7]));
});

Deno.test("MultipathConnection sends more datagrams than fit at once", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  const numbers: number[] = [];
  const reading = (async () => {
    for (;;) numbers.push(new DataView((await server.readDatagram()).buffer).getUint16(0));
  })().catch(() => {}); // the connection is closed
  for (let i = 0; i < 1_000; i++) {
    const datagram = new Uint8Array(100);
    new DataView(datagram.buffer).setUint16(0, i);
    await client.sendDatagram(datagram);
  }
  const fate = () => numbers.length + client.stats.datagramsLost + server.stats.datagramsDropped;
  for (const start = performance.now(); fate() < 1_000 && performance.now() - start < 10_000;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(fate(), 1_000);
  assert.ok(numbers.length > 500, `${numbers.length} came`);
  assert.equal(new Set(numbers).size, numbers.length);
  client.close();
  await reading;
});

Deno.test("dial() fails with what was wrong", async () => {
  await using listener = listenHere();
  await assert.rejects(dialHere(listener, { caCerts: [] }), { name: "TransportError" });
  await assert.rejects(dialHere(listener, { serverName: "other.test" }), {
    name: "TransportError",
  });
  await assert.rejects(dialHere(listener, { alpnProtocols: ["other"] }), {
    name: "TransportError",
  });
  await assert.rejects(dialHere(listener, { alpnProtocols: [] }), TypeError);
  await assert.rejects(dialHere(listener, { port: 0 }), TypeError);
  await assert.rejects(dialHere(listener, { localAddresses: ["no-such-interface"] }), TypeError);
  await assert.rejects(dial("quic://localhost"), TypeError);
});

Deno.test("dial() believes a certificate by its hash, or any when told so", async () => {
  await using listener = listenHere();
  const der = Uint8Array.from(
    atob(TEST_CERTIFICATE.replace(/-----.*-----|\s/g, "")),
    (char) => char.charCodeAt(0),
  );
  const value = await crypto.subtle.digest("SHA-256", der);
  const hash = { algorithm: "sha-256", value };
  await using _known = await dialHere(listener, { caCerts: [], serverCertificateHashes: [hash] });
  await using _any = await dialHere(listener, { caCerts: [], insecure: true });
  await assert.rejects(dialHere(listener, { caCerts: [TEST_CERTIFICATE], insecure: true }), {
    name: "TypeError",
    message: /Cannot use caCerts and insecure together/,
  });
  const wrong = { algorithm: "sha-256", value: new Uint8Array(32) };
  const refused = dialHere(listener, { caCerts: [], serverCertificateHashes: [wrong] });
  await assert.rejects(refused, { name: "TransportError" });
});

Deno.test("SendStream.resetAt() withdraws a stream but not its first bytes", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  const writable = await client.createUnidirectionalStream();
  assert.throws(() => writable.resetAt(-1, 0), RangeError);
  assert.throws(() => writable.resetAt(7, 0.5), RangeError);
  const writer = writable.getWriter();
  const data = patternBytes(1, 0, 250_000);
  await writer.write(data);
  const rest = writer.write(data);
  rest.catch(() => {});
  writable.resetAt(7, 100_000);
  const isWithdrawn = (error: unknown): boolean => error instanceof StreamError && error.code === 7;
  await assert.rejects(writer.write(data), isWithdrawn);
  await assert.rejects(writer.closed, isWithdrawn);
  const { value } = await server.incomingUnidirectionalStreams.getReader().read();
  const reader = value!.getReader();
  let at = 0;
  await assert.rejects(async () => {
    for (;;) {
      const { value } = await reader.read();
      assert.deepEqual(value, data.subarray(at, at + value!.length));
      at += value!.length;
    }
  }, isWithdrawn);
  assert.ok(at >= 100_000 && at <= 250_000, `${at} bytes`);
  echo(server).catch(() => {});
  const next = await client.createBidirectionalStream();
  const asked = next.writable.getWriter();
  await asked.write(data);
  asked.close().catch(() => {});
  assert.equal((await readAll(next.readable)).length, data.length);
});

Deno.test("dial() gives up when no server answers, and at once when aborted", async () => {
  const silent = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  const target = { hostname: "127.0.0.1", port, alpnProtocols: ["echo"], insecure: true };
  await assert.rejects(dial({ ...target, handshakeTimeout: 100 }), { name: "TimeoutError" });
  const reason = new Error("enough");
  const controller = new AbortController();
  const pending = dial({ ...target, signal: controller.signal });
  setTimeout(() => controller.abort(reason), 20);
  const start = performance.now();
  await assert.rejects(pending, reason);
  assert.ok(performance.now() - start < 1_000);
  await assert.rejects(dial({ ...target, signal: AbortSignal.abort(reason) }), reason);
  silent.close();
});

Deno.test("MultipathListener ends its iteration when it is closed", async () => {
  const listener = listenHere();
  const seen: MultipathConnection[] = [];
  const loop = (async () => {
    for await (const connection of listener) seen.push(connection);
  })();
  const client = await dialHere(listener);
  await until(() => seen.length === 1);
  const pending = listener.accept();
  pending.catch(() => {});
  await listener[Symbol.asyncDispose]();
  await loop;
  await assert.rejects(listener.accept(), Deno.errors.BadResource);
  await client.closed;
  await client[Symbol.asyncDispose]();
});

Deno.test("MultipathConnection serves a hundred streams at once", async () => {
  await using joined = await Joined.make();
  const { client, server } = joined;
  echo(server).catch(() => {});
  await Promise.all(Array.from({ length: 300 }, async (_, i) => {
    const data = patternBytes(i, 0, 1 + i * 37);
    const stream = await client.createBidirectionalStream({ waitUntilAvailable: true });
    const writer = stream.writable.getWriter();
    writer.write(data).then(() => writer.close());
    assert.deepEqual(await readAll(stream.readable), data);
  }));
});

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < end, "waited for five seconds");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

Deno.test("maxUdpPayloadSize limits the datagrams that are tried", async () => {
  const sizeAfter = async (maxUdpPayloadSize?: number) => {
    const limits = maxUdpPayloadSize === undefined ? {} : { maxUdpPayloadSize };
    await using joined = await Joined.make({}, limits);
    const { readable, writable } = await joined.client.createBidirectionalStream();
    echo(joined.server);
    const writer = writable.getWriter();
    writer.write(patternBytes(1, 0, 2_000_000));
    writer.close();
    await readAll(readable);
    return joined.client.paths[0]!.stats.maxDatagramSize;
  };
  assert.deepEqual(
    await Promise.all([sizeAfter(), sizeAfter(1_200), sizeAfter(1_300), sizeAfter(1_452)]),
    [8_952, 1_200, 1_300, 1_452],
  );
  for (const bad of [1_199, 8_953, 1_250.5, NaN]) {
    assert.throws(() => listenHere({ maxUdpPayloadSize: bad }), /from 1200 to 8952/);
  }
});

Deno.test("An address that stands for all of the machine leads to the machine itself", async () => {
  await using listener = listenHere();
  // The server answers from 127.0.0.1: what came from elsewhere would be no answer.
  await using connection = await dialHere(listener, { hostname: "0.0.0.0" });
  assert.equal(connection.remoteAddr.hostname, "127.0.0.1");
});
