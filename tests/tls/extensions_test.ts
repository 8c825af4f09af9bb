import assert from "node:assert/strict";
import { Level } from "../../src/crypto/level.ts";
import { failure } from "./outcome.ts";
import { Pair, Recorder } from "./pair.ts";

/** Removes an extension from the first message of a flight, lengths included. */
function without(data: Uint8Array, type: number, extensionsAt: number): Uint8Array {
  const view = new DataView(data.buffer, data.byteOffset);
  const end = extensionsAt + 2 + view.getUint16(extensionsAt);
  for (let at = extensionsAt + 2; at < end; at += 4 + view.getUint16(at + 2)) {
    if (view.getUint16(at) !== type) continue;
    const length = 4 + view.getUint16(at + 2);
    const result = new Uint8Array(data.length - length);
    result.set(data.subarray(0, at));
    result.set(data.subarray(at + length), at);
    const changed = new DataView(result.buffer);
    changed.setUint16(extensionsAt, view.getUint16(extensionsAt) - length);
    changed.setUint16(2, view.getUint16(2) - length);
    return result;
  }
  assert.fail(`no extension ${type}`);
}

/** Where the extensions of our ClientHello begin: three suites, no session ID. */
const HELLO_EXTENSIONS = 4 + 2 + 32 + 1 + 2 + 6 + 2;

function clientWithout(type: number): number {
  return failure({
    tamper: (flight, fromClient) =>
      fromClient ? without(flight.data, type, HELLO_EXTENSIONS) : flight.data,
  });
}

Deno.test("ServerTls refuses a ClientHello without what QUIC needs", () => {
  assert.equal(clientWithout(57), 0x16d, "transport parameters");
  assert.equal(clientWithout(16), 0x178, "ALPN");
  assert.equal(clientWithout(43), 0x146, "versions");
  assert.equal(clientWithout(10), 0x16d, "groups");
  assert.equal(clientWithout(51), 0x16d, "key shares");
  assert.equal(clientWithout(13), 0x16d, "signature schemes");
});

Deno.test("ClientTls refuses EncryptedExtensions without what QUIC needs", () => {
  const serverWithout = (type: number) =>
    failure({
      tamper: (flight, fromClient) =>
        !fromClient && flight.level === Level.Handshake
          ? without(flight.data, type, 4)
          : flight.data,
    });
  assert.equal(serverWithout(57), 0x16d);
  assert.equal(serverWithout(16), 0x178);
});

Deno.test("ClientTls refuses extensions that were not asked for or that are misplaced", () => {
  const withExtension = (level: Level, at: number, type: number, serverName = "localhost") =>
    failure({
      client: { serverName },
      tamper(flight, fromClient) {
        if (fromClient || flight.level !== level) return flight.data;
        const { data } = flight;
        const result = new Uint8Array(data.length + 4);
        result.set(data.subarray(0, at + 2));
        result.set([type >>> 8, type, 0, 0], at + 2);
        result.set(data.subarray(at + 2), at + 6);
        const view = new DataView(result.buffer);
        view.setUint16(at, view.getUint16(at) + 4);
        view.setUint16(2, view.getUint16(2) + 4);
        return result;
      },
    });
  const helloAt = 4 + 2 + 32 + 1 + 2 + 1;
  assert.equal(withExtension(Level.Initial, helloAt, 0x1234), 0x16e);
  assert.equal(withExtension(Level.Initial, helloAt, 16), 0x12f);
  assert.equal(withExtension(Level.Handshake, 4, 0x1234), 0x16e);
  assert.equal(withExtension(Level.Handshake, 4, 51), 0x12f);
  assert.equal(withExtension(Level.Handshake, 4, 42), 0x16e);
  assert.equal(withExtension(Level.Handshake, 4, 16), 0x12f, "twice");
  assert.equal(withExtension(Level.Handshake, 4, 0, "127.0.0.1"), 0x16e, "no name was told");
});

Deno.test("ServerTls passes over extensions and suites it does not know", () => {
  const sink = new Recorder();
  const pair = new Pair({ serverContext: { sink } });
  pair.client.start(0);
  const hello = pair.clientSink.flights[0]!.data;
  // A reserved extension (RFC 8701) is put first, and the second suite made one as well.
  const greased = new Uint8Array(hello.length + 4);
  greased.set(hello.subarray(0, HELLO_EXTENSIONS + 2));
  greased.set([0x0a, 0x0a, 0, 0], HELLO_EXTENSIONS + 2);
  greased.set(hello.subarray(HELLO_EXTENSIONS + 2), HELLO_EXTENSIONS + 6);
  greased.set([0x1a, 0x1a], 4 + 2 + 32 + 1 + 2 + 2);
  const view = new DataView(greased.buffer);
  view.setUint16(2, greased.length - 4);
  view.setUint16(HELLO_EXTENSIONS, view.getUint16(HELLO_EXTENSIONS) + 4);
  pair.server.receive(Level.Initial, greased, 0);
  assert.deepEqual(sink.flights.map(({ level }) => level), [Level.Initial, Level.Handshake]);
});
