import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { Writer } from "../../src/bytes/writer.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { writeRetry } from "../../src/packet/retry.ts";
import { Pair } from "./pair.ts";

/** All tokens that the client was given. */
function tokensOf(pair: Pair): Uint8Array[] {
  const tokens: Uint8Array[] = [];
  for (const event of pair.client.events) if (event.type === "newToken") tokens.push(event.token);
  return tokens;
}

/** Begins another connection, as the one of the pair was, from any of the client's ports. */
function again(pair: Pair, token: Uint8Array | undefined, port = 0): Connection {
  return pair.client.endpoint.connect(
    {
      transport: DEFAULTS,
      tls: { serverName: "server.test", alpn: ["sim"], verification: "insecure" },
      token,
    },
    pair.clientPorts[port]!,
    pair.serverPorts[0]!.publicAddress,
    pair.now,
  );
}

/** Runs until a connection is complete; returns how many round trips of 44 ms that took. */
function roundTrips(pair: Pair, connection: Connection): number {
  const start = pair.now;
  pair.run({ until: start + 5_000, when: () => connection.handshake.complete });
  assert.ok(connection.handshake.complete);
  return Math.round((pair.now - start) / 44);
}

// RFC 9000, Section 8.1.3: what a server gives after the handshake proves an address later.
Deno.test("TokenOffers.offer() gives a token that spares the client a Retry, once", () => {
  const pair = new Pair({ server: { retry: "always" } }).connect();
  pair.run({ until: pair.now + 200 });
  const [token, ...others] = tokensOf(pair);
  assert.ok(token);
  assert.equal(others.length, 0);
  assert.equal(roundTrips(pair, again(pair, undefined)), 2);
  assert.equal(roundTrips(pair, again(pair, token)), 1);
  // Single use: the second time it proves nothing, and the client is asked to prove itself again.
  assert.equal(roundTrips(pair, again(pair, token)), 2);
});

Deno.test("TokenOffers.offer() makes the last token good for the addresses of all paths [MPQUIC 3.1.3 tokens]", () => {
  const pair = new Pair({ paths: 2, server: { retry: "always" } }).connect();
  pair.run({ until: pair.now + 500 });
  const tokens = tokensOf(pair);
  assert.equal(tokens.length, 2);
  assert.equal(roundTrips(pair, again(pair, tokens[1], 1)), 1);
});

Deno.test("AddressTokens.check() believes no token from another address, and no changed one", () => {
  const pair = new Pair({ paths: 2, openPaths: false, server: { retry: "always" } }).connect();
  pair.run({ until: pair.now + 500 });
  const [token] = tokensOf(pair);
  assert.equal(roundTrips(pair, again(pair, token, 1)), 2);
  for (const at of [0, 1, token!.length - 1]) {
    const changed = token!.slice();
    changed[at]! ^= 1;
    const connection = again(pair, changed);
    pair.run({ until: pair.now + 2_000 });
    // Taken for a Retry's token, it is refused for good; else the client is sent a Retry.
    assert.equal(connection.handshake.complete, at > 0 || changed[0] !== 1, `byte ${at}`);
  }
});

Deno.test("TokenOffers.offer() gives a token for the address that a client has moved to", () => {
  const pair = new Pair().connect();
  pair.run({ until: pair.now + 200 });
  pair.clientPorts[0]!.rebind({ hostname: "10.9.9.9" });
  const transfer = pair.client.app.download(50_000);
  pair.run({ until: pair.now + 3_000, when: () => transfer.isDone });
  pair.run({ until: pair.now + 500 });
  assert.equal(tokensOf(pair).length, 2);
});

Deno.test("TokenOffers sends a lost token again", () => {
  for (let seed = 1; seed <= 5; seed++) {
    const pair = new Pair({ seed, links: [{ rate: 1e7, delay: 20, loss: 0.3 }] });
    pair.start();
    pair.run({ until: 20_000, when: () => tokensOf(pair).length > 0 });
    assert.equal(tokensOf(pair).length, 1, `seed ${seed}`);
  }
});

Deno.test("A token that leaves Initial packets no room is not shown", () => {
  for (const size of [0, 900, 1_000, 1_001, 1_139, 1_140, 1_200, 3_000, 60_000]) {
    const pair = new Pair({ client: { token: new Uint8Array(size).fill(7) } }).connect();
    assert.ok(pair.client.completedAt < 100, `${size} bytes: ${pair.client.completedAt} ms`);
  }
});

Deno.test("A Retry whose token leaves Initial packets no room ends the attempt, and says why", () => {
  const pair = new Pair();
  const { engine } = pair.client.endpoint;
  const from = pair.serverPorts[0]!;
  pair.world.network.capture = (_time, event, { port }, to, data) => {
    if (event !== "send" || port === 443) return;
    const header = new Header();
    assert.ok(parseHeader(data, 0, 8, header));
    const { destinationId, sourceId, version } = header;
    const writer = new Writer();
    const bytes = new Uint8Array(1_300);
    writer.aim(bytes, 0, bytes.length);
    const token = new Uint8Array(1_140);
    writeRetry(writer, engine, version, sourceId, new Uint8Array(8), destinationId, token, 0);
    pair.client.endpoint.receive(bytes.subarray(0, writer.offset), pair.clientPorts[0]!, to, 1);
    pair.world.network.capture = undefined;
    from.link?.down();
  };
  pair.start();
  pair.run({ until: 3_000 });
  assert.match(pair.client.connection.closing.reason!.reason, /1140 bytes leave .* no room/);
});
