import assert from "node:assert/strict";
import { CLIENT_DEFAULTS } from "../../src/connection/config.ts";
import type { Connection } from "../../src/connection/connection.ts";
import type { Limit } from "../../src/limits/ledger_limits.ts";
import { SERVER_LIMITS } from "../../src/limits/limits.ts";
import { ORDINARY_TLS, Pair } from "../sim/pair.ts";
import { SilentClients } from "./silent_clients.ts";

/** Handshakes a second that are begun, proven by an answer to Retry, and left alone. */
const ATTACK = 300;
/** Room for a quarter of what there usually is, so that it is full soon. */
const handshakes = quarterOf(SERVER_LIMITS.handshakes);
/** How long the attack lasts before another client comes: all room is full by then. */
const HEAD_START = 1_500;
const VISITS = 20;
const PAUSE = 100;

/** An honest client's handshakes, begun at equal intervals; milliseconds for each, sorted. */
function visit(pair: Pair): number[] {
  const visits: { start: number; connection: Connection }[] = [];
  const times = new Map<Connection, number>();
  const begin = () => {
    visits.push({ start: pair.now, connection: connect(pair) });
    if (visits.length < VISITS) pair.world.at(pair.now + PAUSE, begin);
  };
  begin();
  pair.client.host.onActive = (connection) => {
    for (let event; (event = connection.nextEvent());) {
      if (event.type === "handshakeCompleted") times.set(connection, pair.now);
    }
  };
  pair.run({ until: pair.now + VISITS * PAUSE + 12_000, when: () => times.size === VISITS });
  return visits
    .map(({ connection, start }) => (times.get(connection) ?? Infinity) - start)
    .sort((a, b) => a - b);
}

function connect(pair: Pair): Connection {
  return pair.client.endpoint.connect(
    {
      transport: CLIENT_DEFAULTS,
      tls: ORDINARY_TLS,
    },
    pair.clientPorts[0]!,
    pair.serverPorts[0]!.publicAddress,
    pair.now,
  );
}

interface Attack {
  readonly hostnames: readonly string[];
  readonly perSecond?: number;
  readonly headStart?: number;
  readonly ipv6?: boolean;
}

function expectHonestServed(attack: Attack): void {
  const { hostnames, perSecond = ATTACK, headStart = HEAD_START, ipv6 = false } = attack;
  const pair = new Pair({ ipv6, limits: { ...SERVER_LIMITS, handshakes } });
  // A thousand connections need not be looked at whenever anything happens.
  pair.client.host.isScripted = pair.server.host.isScripted = false;
  pair.server.host.mostIdleTimeouts = 10_000;
  const attackers = new SilentClients(pair, hostnames);
  attackers.attack(2 * perSecond);
  pair.run({ until: pair.now + headStart });
  assert.ok(attackers.sent > 1.98 * perSecond * headStart / 1_000);
  assert.ok(attackers.proven > 0, "they have answered Retry");
  const times = visit(pair);
  const failed = times.filter((time) => time === Infinity).length;
  assert.equal(failed, 0, `${failed} of ${VISITS} failed`);
  const late = times[Math.ceil(0.95 * VISITS) - 1]!;
  assert.ok(late < 1_000, `95th percentile of ${late} ms`);
  const { held, peak } = pair.server.endpoint.ledger.stats.handshakes;
  assert.ok(peak <= handshakes.total);
  assert.ok(pair.server.endpoint.connections.size <= held + VISITS + 1);
}

function quarterOf({ perAddress, perNetwork, total }: Limit): Limit {
  return {
    perConnection: 1,
    perAddress: perAddress / 4,
    perNetwork: perNetwork / 4,
    total: total / 4,
  };
}

function range(count: number, hostname: (i: number) => string): string[] {
  return Array.from({ length: count }, (_, i) => hostname(i));
}

Deno.test("One address that falls silent after Retry keeps no client out", () => {
  expectHonestServed({ hostnames: ["198.51.100.7"] });
});

Deno.test("One silent address of the honest client's network keeps no client out", () => {
  expectHonestServed({ hostnames: ["10.0.0.77"] });
});

Deno.test("A network of silent addresses keeps no client out, not even in it", () => {
  expectHonestServed({ hostnames: range(250, (i) => `10.0.0.${i + 3}`) });
});

Deno.test("Silent addresses of 64 networks keep no client out", () => {
  expectHonestServed({ hostnames: range(1_024, (i) => `172.16.${i % 64}.${i >>> 6}`) });
});

Deno.test("Silent addresses of 64 networks keep no client out, however many handshakes they begin", () => {
  const hostnames = range(1_024, (i) => `172.16.${i % 64}.${i >>> 6}`);
  expectHonestServed({ hostnames, perSecond: 1_000, headStart: 500 });
});

Deno.test("New addresses of one IPv6 network, again and again, keep no client out", () => {
  const hostnames = range(4_000, (i) => `2001:db8:1:${(i % 256).toString(16)}::${i}`);
  expectHonestServed({ hostnames, ipv6: true });
});
