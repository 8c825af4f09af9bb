import assert from "node:assert/strict";
import { Level } from "../../src/crypto/level.ts";
import { TransportError } from "../../src/error/quic_error.ts";
import { Pair, type PairOptions } from "./pair.ts";

/** Runs a pair that must fail and returns the code of the error. */
export function failure(options: PairOptions): number {
  try {
    new Pair(options).run();
  } catch (error) {
    assert.ok(error instanceof TransportError, String(error));
    return error.code;
  }
  assert.fail("The handshake went through");
}

/** Checks that both sides of a pair came to the same end. */
export function assertAgreed(pair: Pair): void {
  assert.ok(pair.client.isComplete && pair.server.isComplete);
  assert.equal(pair.clientSink.completed, 1);
  assert.equal(pair.serverSink.completed, 1);
  const { secrets: client } = pair.clientSink;
  const { secrets: server } = pair.serverSink;
  for (const level of [Level.Handshake, Level.OneRtt]) {
    assert.ok(client.get(`${level} read`));
    assert.equal(client.get(`${level} read`), server.get(`${level} write`));
    assert.equal(client.get(`${level} write`), server.get(`${level} read`));
    assert.notEqual(client.get(`${level} read`), client.get(`${level} write`));
  }
  assert.equal(pair.client.alpn, "h3");
  assert.equal(pair.server.alpn, "h3");
  assert.equal(pair.server.serverName, "localhost");
  assert.deepEqual(pair.clientSink.parameters, Uint8Array.of(4, 5));
  assert.deepEqual(pair.serverSink.parameters, Uint8Array.of(1, 2, 3));
  const label = "EXPERIMENTAL test";
  const context = Uint8Array.of(9);
  assert.deepEqual(
    pair.client.exportKeyingMaterial(label, context, 40),
    pair.server.exportKeyingMaterial(label, context, 40),
  );
}
