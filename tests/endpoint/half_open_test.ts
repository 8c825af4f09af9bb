import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import {
  HANDSHAKES_PER_SECOND,
  HANDSHAKES_PER_SECOND_OF_NETWORK,
  MAX_STRIKES,
  SERVER_LIMITS,
  WARY_PERIOD,
} from "../../src/limits/limits.ts";
import { SilentClients } from "../hardening/silent_clients.ts";
import { ORDINARY_TLS, Pair } from "../sim/pair.ts";

const FREE = { perConnection: 1, perAddress: 1e6, perNetwork: 1e6, total: 1e6 };

function connect(pair: Pair, port = 0, token: Uint8Array = new Uint8Array(0)): Connection {
  return pair.client.endpoint.connect(
    {
      transport: DEFAULTS,
      tls: ORDINARY_TLS,
      token,
    },
    pair.clientPorts[port]!,
    pair.serverPorts[0]!.publicAddress,
    pair.now,
  );
}

function pairWith(handshakes: typeof FREE, more = {}): Pair {
  return new Pair({ limits: { ...SERVER_LIMITS, handshakes }, ...more });
}

Deno.test("Retry is asked of a network that begins many handshakes, and not of others", () => {
  const pair = pairWith(FREE);
  const many = new SilentClients(pair, ["192.0.2.1", "192.0.2.2"]);
  const few = new SilentClients(pair, ["198.51.100.1"]);
  many.begin(HANDSHAKES_PER_SECOND_OF_NETWORK - 2);
  assert.equal(many.retries, 0);
  many.begin(4);
  assert.equal(many.retries, 2);
  few.begin(3);
  assert.equal(few.retries, 0);
  pair.run({ until: pair.now + WARY_PERIOD });
  many.begin(1);
  assert.equal(many.retries, 2, "it is over");
});

Deno.test("Retry is asked of all when many handshakes begin in all", () => {
  const pair = pairWith(FREE);
  const each = 3;
  const networks = HANDSHAKES_PER_SECOND / each;
  const many = new SilentClients(
    pair,
    Array.from({ length: networks }, (_, i) => `172.16.${i}.1`),
  );
  const others = new SilentClients(pair, ["198.51.100.1"]);
  many.begin(HANDSHAKES_PER_SECOND - 2);
  assert.equal(many.retries, 0);
  many.begin(3);
  assert.equal(many.retries, 1);
  others.begin(1);
  assert.equal(others.retries, 1);
});

Deno.test("Where handshakes come to nothing none begins while there are many, but with a token", () => {
  const pair = pairWith({ ...FREE, perAddress: 4 }, { server: { retry: "always" } }).connect();
  pair.run({ until: pair.now + 200 });
  const tokens = pair.client.events.filter((event) => event.type === "newToken");
  const { ledger } = pair.server.endpoint;
  const { hostname } = pair.clientPorts[0]!.publicAddress;
  const silent = new SilentClients(pair, Array.from({ length: 200 }, (_, i) => `10.0.0.${i + 3}`));
  // The address of the honest client has struck as well, as it may behind a NAT.
  const account = ledger.open(hostname);
  for (let i = 0; i < MAX_STRIKES + 5; i++) account.strike();
  assert.ok(ledger.look(hostname).address.strikes > MAX_STRIKES);
  const before = connect(pair);
  pair.run({ until: pair.now + 1_000, when: () => before.handshake.confirmed });
  assert.ok(before.handshake.confirmed, "there are few");
  // From now on there are many.
  const stop = setRate(pair, silent);
  pair.run({ until: pair.now + 500 });
  const refused = connect(pair);
  pair.run({ until: pair.now + 900, when: () => refused.handshake.confirmed });
  assert.ok(!refused.handshake.confirmed);
  const known = connect(pair, 0, tokens[0]!.token);
  pair.run({ until: pair.now + 1_000, when: () => known.handshake.confirmed });
  assert.ok(known.handshake.confirmed, "it went in peace the last time");
  stop();
});

/** Has many handshakes begin in a network until it is stopped. */
function setRate(pair: Pair, clients: SilentClients): () => void {
  let stopped = false;
  const send = () => {
    if (stopped) return;
    clients.begin(10);
    clients.answer();
    pair.world.at(pair.now + 20, send);
  };
  send();
  return () => stopped = true;
}

Deno.test("A handshake that has to go is told CONNECTION_REFUSED, and its address struck", () => {
  const pair = pairWith({ ...FREE, total: 1 }, { paths: 2, server: { retry: "always" } });
  const { ledger } = pair.server.endpoint;
  const silent = connect(pair, 0);
  pair.run({ until: pair.now + 50 });
  // What it sends after its answer to the Retry is lost.
  pair.run({ when: () => ledger.stats.handshakes.held === 1 });
  pair.links[0]!.upward.down();
  const other = connect(pair, 1);
  pair.run({ until: pair.now + 200 });
  assert.equal(ledger.stats.handshakes.evicted, 0, "there is time to answer for each");
  assert.ok(silent.closing.open);
  pair.run({ until: pair.now + 3_000, when: () => other.handshake.confirmed });
  assert.ok(other.handshake.confirmed, "it has asked again");
  pair.run({ until: pair.now + 100 });
  assert.equal(silent.closing.reason?.by, "peer");
  assert.equal(silent.closing.reason?.code, ErrorCode.ConnectionRefused);
  assert.equal(ledger.stats.handshakes.evicted, 1);
  const [struck, fine] = [0, 1].map((i) => pair.clientPorts[i]!.publicAddress.hostname);
  assert.ok(ledger.look(struck!).address.strikes > 0.9);
  assert.equal(ledger.look(fine!).address.strikes, 0);
});

Deno.test("No address is struck for handshakes that others began in its name", () => {
  const pair = pairWith(FREE);
  const spoofed = new SilentClients(pair, ["203.0.113.5"]);
  spoofed.begin(20);
  const { endpoint } = pair.server;
  assert.equal(endpoint.ledger.stats.handshakes.held, 20);
  pair.run({ until: pair.now + 60_000 });
  assert.equal(endpoint.connections.size, 0);
  assert.equal(endpoint.ledger.stats.handshakes.held, 0);
  assert.equal(endpoint.ledger.look("203.0.113.5").address.strikes, 0);
});

Deno.test("Clients that have not answered for three seconds go while many are open", () => {
  const pair = pairWith({ ...FREE, total: 20 }, { server: { retry: "always" } });
  const { ledger } = pair.server.endpoint;
  const silent = new SilentClients(pair, ["192.0.2.1"]);
  const early = new SilentClients(pair, ["198.51.100.1"]);
  const late = new SilentClients(pair, ["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
  silent.begin(12);
  silent.answer();
  assert.equal(ledger.stats.handshakes.held, 12);
  pair.run({ until: pair.now + 2_900 });
  early.begin(1);
  early.answer();
  assert.equal(ledger.stats.handshakes.held, 13);
  pair.run({ until: pair.now + 200 });
  late.begin(3);
  late.answer();
  // Four are looked at each time, as long as half of the room is taken.
  assert.equal(ledger.stats.handshakes.held, 13 - 4 + 1 - 4 + 1 + 1);
});
