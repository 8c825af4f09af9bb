import assert from "node:assert/strict";
import { IpPrefix } from "../../src/bytes/ip_prefix.ts";
import { CLIENT_DEFAULTS } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import type { Limit } from "../../src/limits/ledger_limits.ts";
import { IDLE_BEFORE_CLOSE, SERVER_LIMITS } from "../../src/limits/limits.ts";
import { Kind } from "../../src/stream/connection_credit.ts";
import { linkOf, ORDINARY_TLS, Pair, type PairOptions } from "../sim/pair.ts";

/** A server with so much room for connections, and clients in as many networks as there are links. */
class Crowded {
  readonly pair: Pair;

  constructor(connections: Partial<Limit>, networks = 1, more: PairOptions = {}) {
    const limit = { ...SERVER_LIMITS.connections, ...connections };
    this.pair = new Pair({
      links: Array.from({ length: networks }, () => linkOf(100, 20)),
      limits: { ...SERVER_LIMITS, connections: limit },
      ...more,
    });
  }

  get stats() {
    return this.pair.server.endpoint.ledger.stats.connections;
  }

  wait(milliseconds: number): void {
    this.pair.run({ until: this.pair.now + milliseconds });
  }

  /** Has a client of a network connect, and waits a moment for what comes of it. */
  connect(network = 0): Connection {
    const { pair } = this;
    const connection = pair.client.endpoint.connect(
      {
        transport: CLIENT_DEFAULTS,
        tls: ORDINARY_TLS,
      },
      pair.clientPorts[network]!,
      pair.serverPorts[0]!.publicAddress,
      pair.now,
    );
    this.wait(150);
    return connection;
  }

  /** Has a client begin a request that is not answered. */
  request(connection: Connection): void {
    connection.streams.open(Kind.Bidirectional)!.send!.write(new Uint8Array(10));
    this.pair.client.endpoint.touch(connection);
    this.wait(50);
  }
}

function expectOpen(...connections: Connection[]): void {
  for (const { closing, handshake } of connections) {
    assert.ok(handshake.confirmed && closing.open, closing.reason?.reason);
  }
}

function expectEnded({ closing }: Connection, code: number, what: string): void {
  assert.equal(closing.reason?.by, "peer", what);
  assert.equal(closing.reason?.code, code, what);
}

Deno.test("Connections over the limit of an address, a network or all are refused", () => {
  const cases: [Partial<Limit>, networks: number][] = [
    [{ perAddress: 3 }, 1],
    [{ perNetwork: 3 }, 1],
    [{ total: 3 }, 3],
  ];
  for (const [limit, networks] of cases) {
    const crowd = new Crowded(limit, networks);
    const connections = Array.from({ length: 3 }, (_, i) => crowd.connect(i % networks));
    for (const each of connections) crowd.request(each);
    crowd.wait(2 * IDLE_BEFORE_CLOSE);
    const late = crowd.connect();
    expectEnded(late, ErrorCode.ConnectionRefused, JSON.stringify(limit));
    expectOpen(...connections);
    assert.equal(crowd.stats.held, 3);
    assert.equal(crowd.stats.refused, 1);
    connections[1]!.close(0, "", crowd.pair.now);
    crowd.pair.client.endpoint.touch(connections[1]);
    crowd.wait(5_000);
    expectOpen(crowd.connect());
  }
});

Deno.test("A connection that is not in use makes room for a new one, the quietest first", () => {
  for (const limit of [{ total: 3 }, { perAddress: 3 }, { perNetwork: 3 }]) {
    const crowd = new Crowded(limit);
    const [busy, quiet, lively] = [crowd.connect(), crowd.connect(), crowd.connect()];
    crowd.request(busy);
    crowd.wait(IDLE_BEFORE_CLOSE);
    lively.streams.open(Kind.Unidirectional)!.send!.write(new Uint8Array(10));
    crowd.pair.client.endpoint.touch(lively);
    crowd.wait(100);
    const late = crowd.connect();
    expectOpen(late, busy, lively);
    expectEnded(quiet, ErrorCode.NoError, "nothing was under way");
    assert.equal(crowd.stats.evicted, 1);
    assert.equal(crowd.stats.refused, 0);
  }
});

Deno.test("A connection that was used a moment ago does not make room", () => {
  const crowd = new Crowded({ total: 1 });
  const first = crowd.connect();
  crowd.wait(IDLE_BEFORE_CLOSE - 500);
  expectEnded(crowd.connect(), ErrorCode.ConnectionRefused, "the first may go on at once");
  expectOpen(first);
  crowd.wait(IDLE_BEFORE_CLOSE);
  expectOpen(crowd.connect());
  expectEnded(first, ErrorCode.NoError, "it is over");
});

Deno.test("While all is in use, the greediest network gives to those that have far less", () => {
  const crowd = new Crowded({ total: 5 }, 3);
  const many = Array.from({ length: 5 }, () => crowd.connect(0));
  for (const each of many) crowd.request(each);
  crowd.wait(1_000);
  const account = crowd.pair.server.endpoint.ledger;
  assert.equal(account.stats.connections.held, 5);
  const one = crowd.connect(1);
  expectOpen(one);
  expectEnded(many[0]!, ErrorCode.InternalError, "the one that was silent for longest");
  crowd.request(one);
  const another = crowd.connect(2);
  expectOpen(another);
  crowd.request(another);
  // Three, one and one: no host has more than twice what another one would have.
  const refused = crowd.connect(1);
  expectEnded(refused, ErrorCode.ConnectionRefused, "it would have two of five");
  expectOpen(one, another, ...many.slice(2));
  assert.equal(crowd.stats.evicted, 2);
});

Deno.test("A client that has proven nothing makes no other go: there is a Retry first", () => {
  const crowd = new Crowded({ total: 2 });
  const [one, other] = [crowd.connect(), crowd.connect()];
  crowd.wait(2 * IDLE_BEFORE_CLOSE);
  const { endpoint } = crowd.pair.server;
  assert.equal(endpoint.retriesSent, 0);
  expectOpen(crowd.connect());
  assert.equal(endpoint.retriesSent, 1);
  expectEnded(one, ErrorCode.NoError, "it was the older one");
  expectOpen(other);
});

Deno.test("A balancer's address has no limit of its own", () => {
  const exempt = [IpPrefix.parse("10.0.0.0/24")!];
  const crowd = new Crowded({ perAddress: 1, perNetwork: 1, total: 4 }, 1, { exempt });
  const connections = Array.from({ length: 4 }, () => crowd.connect());
  expectOpen(...connections);
  for (const each of connections) crowd.request(each);
  expectEnded(crowd.connect(), ErrorCode.ConnectionRefused, "all together have one");
});
