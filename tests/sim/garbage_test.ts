import {
  RESETS_PER_SECOND,
  RESETS_PER_SECOND_AT_FIRST,
  RESTART_TIME,
  SITES_OF_RESETS,
} from "../../src/limits/limits.ts";
import assert from "node:assert/strict";
import { DEFAULTS } from "../../src/connection/config.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { Endpoint } from "../../src/endpoint/endpoint.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { SERVER_LIMITS } from "../../src/limits/limits.ts";
import type { Address } from "../../src/path/address/address.ts";
import { portAt } from "../path/fakes.ts";
import { Pair } from "./pair.ts";
import { begin, expectOpen, move } from "./transfers.ts";

const stranger = { transport: "udp", hostname: "10.66.6.6", port: 6_666 } as const;

/** Every datagram both ends send during a handshake and a small transfer. */
function record(seed: number): { pair: Pair; datagrams: Uint8Array[] } {
  const pair = new Pair({ seed, paths: 2 });
  const datagrams: Uint8Array[] = [];
  pair.world.network.capture = (_time, event, _from, _to, data) => {
    if (event === "send" && datagrams.length < 80) datagrams.push(data.slice());
  };
  pair.start();
  move(pair, 50_000);
  return { pair, datagrams };
}

/** Sends datagrams to both ends, from the addresses of the real peers and from nowhere. */
function inject(pair: Pair, data: Uint8Array): void {
  const { network } = pair.world;
  const server = pair.serverPorts[0]!.publicAddress;
  for (const port of pair.clientPorts) {
    network.inject(data, port.publicAddress, server);
    network.inject(data, server, port.publicAddress);
  }
  network.inject(data, stranger, server);
}

Deno.test("Random bytes of any length change nothing", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.run({ until: 500 });
  const random = pair.world.random.fork("garbage");
  const finished = begin(pair, 1_000_000);
  for (let i = 0; i < 3_000; i++) {
    const data = random.bytes(random.below(1_500));
    if (data.length > 9 && i % 3 === 0) {
      // A short header with an ID that one of the ends knows.
      const end = i % 2 === 0 ? pair.client : pair.server;
      data[0] = 0x40 | (data[0]! & 0x3f);
      data.set(end.connection.paths.slot(i % 4 < 2 ? 0 : 1)!.remote.current, 1);
    }
    inject(pair, data);
    pair.run({ until: pair.now + 0.3 });
  }
  pair.run({ until: 30_000, when: () => finished() < Infinity });
  assert.ok(finished() < 5_000);
  expectOpen(pair);
  assert.equal(pair.server.endpoint.connections.size, 1);
  assert.equal(pair.client.endpoint.connections.size, 1);
});

Deno.test("Datagrams of the connection cut short, with bits flipped, or in pieces change nothing", () => {
  const { pair, datagrams } = record(1);
  const random = pair.world.random.fork("damage");
  for (const original of datagrams) {
    for (let i = 0; i < 12; i++) {
      const copy = original.slice();
      const at = random.below(copy.length);
      if (i % 3 === 0) inject(pair, copy.subarray(0, at));
      else if (i % 3 === 1) {
        copy[at] = copy[at]! ^ (1 << random.below(8));
        inject(pair, copy);
      } else inject(pair, copy.subarray(at));
      pair.run({ until: pair.now + 0.2 });
    }
  }
  expectOpen(pair);
  move(pair, 100_000);
  pair.run({ until: pair.now + 12_000 });
  assert.equal(pair.server.endpoint.connections.size, 1);
});

Deno.test("Datagrams of the connection sent again, by any host, change nothing [attack replayed-packet-migration]", () => {
  const { pair, datagrams } = record(2);
  for (const original of datagrams) inject(pair, original.slice());
  pair.run({ until: pair.now + 1_000 });
  expectOpen(pair);
  move(pair, 100_000);
  for (const path of pair.server.connection.paths.paths) {
    assert.notEqual(path.current.remote.hostname, stranger.hostname);
  }
});

Deno.test("Datagrams flipped during the handshake only make it slower", () => {
  for (let seed = 0; seed < 20; seed++) {
    const pair = new Pair({ seed });
    const { network } = pair.world;
    const random = pair.world.random.fork("flips");
    let count = 0;
    network.capture = (_time, event, from, to, data) => {
      if (event !== "send" || count > 60) return;
      for (let i = 0; i < 3; i++, count++) {
        const copy = data.slice();
        const at = random.below(copy.length);
        copy[at] = copy[at]! ^ (1 << random.below(8));
        network.inject(copy, from, to);
      }
    };
    pair.start();
    const time = move(pair, 5_000);
    assert.ok(time < 2_500, `${time} ms`);
  }
});

Deno.test("Header of every prefix of real datagrams is read or refused, never thrown at", () => {
  const { datagrams } = record(3);
  const header = new Header();
  for (const original of datagrams.slice(0, 20)) {
    for (let length = 0; length <= original.length; length += 1 + (length >>> 4)) {
      const cut = original.slice(0, length);
      if (parseHeader(cut, 0, 8, header)) assert.ok(header.end <= length && header.end > 0);
    }
  }
});

Deno.test("10 000 Initials without a client leave no state, and a real connection moves on [attack initial-flood]", () => {
  const pair = new Pair({ paths: 2 }).connect();
  pair.run({ until: 500 });
  const random = pair.world.random.fork("flood");
  const { endpoint } = pair.server;
  const port = pair.serverPorts[0]!;
  const datagram = random.bytes(1_200);
  const finished = begin(pair, 500_000);
  for (let i = 0; i < 10_000; i++) {
    datagram.set([0xc0, 0, 0, 0, 1, 8], 0);
    datagram.set(random.bytes(8), 6);
    datagram.set([0, 0, 0x44, 0x96], 14); // no source ID, no token, the rest is the packet
    const from = { ...stranger, port: 1_024 + i };
    endpoint.receive(datagram, port, from, pair.now);
    if (i % 100 === 0) pair.run({ until: pair.now + 5 });
  }
  pair.run({ until: 30_000, when: () => finished() < Infinity });
  assert.ok(finished() < 2_000, `${finished()} ms`);
  assert.equal(endpoint.connections.size, 1);
  assert.equal(endpoint.nextConnection(), undefined);
});

Deno.test("An Initial without a client is not worth a connection, not even for a moment [attack initial-flood]", () => {
  const random = new SeededRandom(3);
  let draws = 0;
  const server = new Endpoint({
    random: {
      bytes: (length) => (draws++, random.bytes(length)),
      below: (limit) => (draws++, random.below(limit)),
    },
    wallTime: (now) => now,
    server: { transport: DEFAULTS, tls: { credential: () => undefined, alpn: ["sim"] } },
  });
  const before = draws;
  const datagram = random.bytes(1_200);
  for (let i = 0; i < 100; i++) {
    datagram.set([0xc0, 0, 0, 0, 1, 8], 0);
    datagram.set(random.bytes(8), 6);
    datagram.set([0, 0, 0x44, 0x96], 14);
    server.receive(datagram.slice(), portAt(1), stranger, i);
    assert.equal(server.transmit(i), undefined);
  }
  // Connection IDs, spans of skipped numbers, the spin bit: a connection draws a lot.
  assert.equal(draws, before);
});

Deno.test("Clients that open handshakes by the thousand meet Retry, then silence [attack handshake-flood]", () => {
  const handshakes = { perConnection: 1, perAddress: 40, perNetwork: 40, total: 40 };
  const pair = new Pair({ limits: { ...SERVER_LIMITS, handshakes } });
  const { network } = pair.world;
  const answers = new Map<number, number>();
  network.capture = (_time, event, from, _to, data) => {
    if (event !== "send" || from.port !== 443) return;
    const type = (data[0]! & 0xb0) >>> 4;
    answers.set(type, (answers.get(type) ?? 0) + 1);
  };
  // Each connection's later packets are lost: it stays half open.
  const port = pair.clientPorts[0]!;
  for (let i = 0; i < 300; i++) {
    pair.client.endpoint.connect(
      {
        transport: DEFAULTS,
        tls: { serverName: "server.test", alpn: ["sim"], verification: "insecure" },
      },
      port,
      pair.serverPorts[0]!.publicAddress,
      pair.now,
    );
  }
  pair.links[0]!.downward.down();
  pair.run({ until: 2_000 });
  assert.ok(
    pair.server.endpoint.connections.size <= 40,
    `${pair.server.endpoint.connections.size}`,
  );
  // A first flight has two datagrams, which follow each other: fewer clients come through the link.
  assert.ok((answers.get(0xb) ?? 0) > 40, `${answers.get(0xb)} Retry packets`);
  pair.run({ until: 60_000 });
  assert.equal(pair.server.endpoint.connections.size, 0);
});

Deno.test("Two endpoints that know nothing of each other do not reset each other for ever [attack reset-loop]", () => {
  const pair = new Pair().connect();
  pair.run({ until: 500 });
  let sent = 0;
  pair.world.network.capture = (_time, event) => {
    if (event === "send") sent++;
  };
  const data = pair.world.random.bytes(1_200);
  data[0] = 0x41;
  pair.world.network.inject(
    data,
    pair.clientPorts[0]!.publicAddress,
    pair.serverPorts[0]!.publicAddress,
  );
  pair.run({ until: pair.now + 5_000 });
  assert.ok(sent >= 1 && sent < 25, `${sent}`);
});

Deno.test("A flood of packets for no connection brings few resets a second, and fewer later [attack reset-loop]", () => {
  const pair = new Pair().connect();
  pair.run({ until: 500 });
  let sent = 0;
  const strangers = Array.from(
    { length: 10 },
    (_, i) => ({ ...stranger, hostname: `198.51.100.${i + 1}` }),
  );
  pair.world.network.capture = (_time, event, _from, to) => {
    if (event === "send" && to.hostname.startsWith("198.51.100.")) sent++;
  };
  const server = pair.serverPorts[0]!.publicAddress;
  const flood = (from: readonly Address[]) => {
    sent = 0;
    for (let i = 0; i < 5_000; i++) {
      const data = pair.world.random.bytes(100);
      data[0] = 0x41;
      pair.world.network.inject(data, from[i % from.length]!, server);
      if (i % 50 === 0) pair.run({ until: pair.now + 5 });
    }
    return sent;
  };
  // All clients of a server that has crashed need one at the same time.
  const first = flood(strangers);
  assert.ok(first > 500 && first <= RESETS_PER_SECOND_AT_FIRST, `${first}`);
  pair.run({ until: pair.now + RESTART_TIME });
  const later = flood(strangers);
  assert.ok(later > 50 && later <= RESETS_PER_SECOND, `${later}`);
  // One site that floods leaves some for the others.
  pair.run({ until: pair.now + 1_000 });
  const alone = flood(strangers.slice(0, 1));
  assert.ok(alone > 5 && alone <= RESETS_PER_SECOND / SITES_OF_RESETS, `${alone}`);
});

Deno.test("Empty datagrams do not starve a connection [attack empty-datagrams]", () => {
  const pair = new Pair({ paths: 2 }).connect();
  const finished = begin(pair, 1_000_000);
  for (let at = 0; at < 500; at++) {
    pair.at(pair.now + at, () => {
      for (let i = 0; i < 5; i++) inject(pair, new Uint8Array(0));
    });
  }
  pair.run({ until: 30_000, when: () => finished() < Infinity });
  assert.ok(finished() < 1_500, `${finished()} ms`);
});
