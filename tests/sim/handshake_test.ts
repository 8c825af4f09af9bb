import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { Header, parseHeader } from "../../src/packet/header.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Credential } from "../../src/tls/credential.ts";
import { intercept, interceptBoth, type Verdict } from "../../src/sim/intercept.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { TEST_CERTIFICATE, TEST_KEY } from "../../src/sim/test_certificate.ts";
import { expectOpen, move } from "./transfers.ts";

const long = Credential.fromPem(TEST_CERTIFICATE.repeat(16), TEST_KEY);

/** Certificates of many packets, which compression would make few. */
const LONG_CHAIN: PairOptions = {
  clientTls: { compressions: [] },
  serverTls: { credential: () => long },
};

/** A handshake with these datagrams treated so, and a small download. Returns the time. */
function survive(
  decide: (direction: "up" | "down", count: number) => Verdict,
  options: PairOptions = {},
): Pair {
  const pair = new Pair(options);
  interceptBoth(pair.links[0]!, pair.world.network.events, decide);
  pair.start();
  move(pair, 5_000, "download", 20_000);
  return pair;
}

const treatments: [string, Verdict, number][] = [
  ["lost", "drop", 2_600],
  ["doubled", "twice", 400],
  ["late", { delay: 70 }, 2_000],
  ["very late", { delay: 1_500 }, 3_000],
];

for (const [name, verdict, limit] of treatments) {
  Deno.test(`A handshake succeeds with any one of its first datagrams ${name}`, () => {
    for (const options of [{}, LONG_CHAIN] as PairOptions[]) {
      for (const way of ["up", "down"]) {
        for (let unlucky = 0; unlucky < 8; unlucky++) {
          const pair = survive(
            (direction, count) => direction === way && count === unlucky ? verdict : "pass",
            options,
          );
          assert.ok(pair.now < limit, `${way} ${unlucky}: ${pair.now} ms`);
        }
      }
    }
  });
}

Deno.test("A handshake succeeds with any two of its first datagrams lost", () => {
  for (let first = 0; first < 7; first++) {
    for (let second = 0; second < 7; second++) {
      const pair = survive((direction, count) =>
        count === (direction === "up" ? first : second) ? "drop" : "pass"
      );
      assert.ok(pair.now < 4_000, `${first} up and ${second} down: ${pair.now} ms`);
    }
  }
});

Deno.test("A handshake succeeds when everything arrives twice", () => {
  survive(() => "twice");
});

Deno.test("50 of 50 handshakes succeed with 30 % of all datagrams lost", () => {
  for (let seed = 0; seed < 50; seed++) {
    const pair = new Pair({ seed, links: [linkOf(10, 30, { loss: 0.3 })] });
    pair.start();
    move(pair, 1_000);
  }
});

Deno.test("50 of 50 handshakes succeed with bursts of three lost", () => {
  const burst = { toBad: 0.15, toGood: 0.4, lossInGood: 0, lossInBad: 0.9 };
  for (let seed = 0; seed < 50; seed++) {
    const pair = new Pair({ seed, links: [linkOf(10, 30, { burst })] });
    pair.start();
    move(pair, 1_000);
  }
});

Deno.test("50 of 50 handshakes succeed with 30 % of all datagrams damaged", () => {
  for (let seed = 0; seed < 50; seed++) {
    const pair = new Pair({ seed, links: [linkOf(10, 30, { corrupt: 0.3 })] });
    pair.start();
    move(pair, 1_000);
  }
});

Deno.test("A handshake over 750 ms of round trip succeeds without waste", () => {
  const pair = new Pair({ links: [linkOf(10, 750)] });
  pair.start();
  const time = move(pair, 1_000);
  assert.ok(time < 1_700, `${time} ms`);
});

/** Follows a handshake and fails if the server ever sent more than three times what it got. */
function watchAmplification(pair: Pair): { sent: number; received: number } {
  const seen = { sent: 0, received: 0 };
  const serverAddress = pair.serverPorts[0]!.publicAddress;
  pair.world.network.capture = (_time, event, from, to, data) => {
    const validated = pair.server.isConnected &&
      pair.server.connection.paths.find(0)?.current.validated;
    if (validated) return;
    if (event === "deliver" && to === serverAddress) seen.received += data.length;
    if (event === "send" && from === serverAddress) seen.sent += data.length;
    assert.ok(seen.sent <= 3 * seen.received, `${seen.sent} for ${seen.received}`);
  };
  return seen;
}

Deno.test("A server with a long chain of certificates obeys the amplification limit [attack amplification]", () => {
  const pair = new Pair(LONG_CHAIN);
  const seen = watchAmplification(pair);
  pair.start();
  const time = move(pair, 5_000);
  assert.ok(seen.sent > 2_400);
  assert.ok(time < 500, `${time} ms`);
});

Deno.test("A handshake over the amplification limit survives the loss of the client's next ones", () => {
  const pair = new Pair(LONG_CHAIN);
  watchAmplification(pair);
  intercept(
    pair.links[0]!.upward,
    pair.world.network.events,
    (count) => count >= 1 && count <= 6 ? "drop" : "pass",
  );
  pair.start();
  move(pair, 5_000);
});

Deno.test("A server sends no more than 3600 bytes to a client that says nothing more [attack amplification]", () => {
  const pair = new Pair(LONG_CHAIN);
  const seen = watchAmplification(pair);
  intercept(
    pair.links[0]!.upward,
    pair.world.network.events,
    (count) => count > 0 ? "drop" : "pass",
  );
  pair.start();
  const expired = countTimeouts(pair);
  pair.run({ until: 15_000 });
  assert.ok(seen.received >= 1_200 && seen.sent <= 3 * seen.received);
  assert.equal(pair.server.endpoint.connections.size, 0);
  // Waiting for credit is no reason to look at the clock all the time.
  assert.ok(expired() < 50, `${expired()} timeouts`);
});

/** How often the server's endpoint was asked what is due. */
function countTimeouts({ server: { endpoint } }: Pair): () => number {
  let expired = 0;
  const expire = endpoint.expire.bind(endpoint);
  endpoint.expire = (now) => {
    expired++;
    expire(now);
  };
  return () => expired;
}

// An attacker that forges an Initial chooses its size, and so the credit that is left in the end.
Deno.test("A server does not look at the clock all the time, whatever credit is left [attack timers-always-due]", () => {
  for (const more of [0, 10, 30, 100, 200, 390]) {
    const pair = new Pair(more % 20 === 0 ? LONG_CHAIN : {});
    const { network } = pair.world;
    const [from, to] = [pair.clientPorts[0]!, pair.serverPorts[0]!];
    intercept(from.link!.upward, network.events, (count) => {
      if (count > 0) return "drop";
      from.close();
      return "pass";
    });
    network.capture = (_time, event, _from, at, data) => {
      if (event !== "send" || at !== to.publicAddress || more === 0) return;
      network.capture = undefined;
      const longer = new Uint8Array(data.length + more);
      longer.set(data);
      network.inject(longer, from.publicAddress, to.publicAddress);
      from.close();
    };
    pair.start();
    const expired = countTimeouts(pair);
    pair.run({ until: 15_000 });
    assert.equal(pair.server.endpoint.connections.size, 0);
    assert.ok(expired() > 1 && expired() < 50, `${more}: ${expired()} timeouts`);
  }
});

// RFC 9002, Section 6.2.2.1: it proves the client's address, and the server may send all it has.
Deno.test("A client that only lacks Handshake packets asks for them with one of its own", () => {
  const pair = new Pair(LONG_CHAIN);
  const { network } = pair.world;
  const header = new Header();
  const { downward } = pair.links[0]!;
  const push = downward.push.bind(downward);
  downward.push = (flight) => {
    // Only the Initial packets of the server's first flight arrive.
    if (pair.now > 400) return push(flight);
    assert.ok(parseHeader(flight.data, 0, 8, header));
    if (header.type === PacketType.Initial) push(flight.withData(flight.data.slice(0, header.end)));
  };
  const asked: number[] = [];
  network.capture = (_time, event, from, _to, data) => {
    if (event !== "send" || from !== pair.clientPorts[0]!.address || asked.length > 0) return;
    if (pair.client.connection.keys.handshake.write === undefined || pair.now < 100) return;
    for (let at = 0; parseHeader(data, at, 8, header); at = header.end) asked.push(header.type);
  };
  pair.start();
  move(pair, 5_000);
  assert.ok(asked.includes(PacketType.Handshake), `${asked}`);
});

Deno.test("A handshake that the server never answers is given up after its timeout", () => {
  const pair = new Pair();
  pair.links[0]!.downward.down();
  const client = pair.start();
  pair.run({ until: 9_999 });
  assert.ok(client.closing.open);
  pair.run({ until: 60_000 });
  assert.equal(client.closing.reason?.by, "timeout");
  assert.equal(pair.client.endpoint.connections.size, 0);
  assert.equal(pair.server.endpoint.connections.size, 0);
  assert.ok(pair.client.has("closed"));
});

Deno.test("A server forgets a client that vanishes in the middle of the handshake [attack slow-handshake]", () => {
  const pair = new Pair();
  intercept(
    pair.links[0]!.upward,
    pair.world.network.events,
    (count) => count > 0 ? "drop" : "pass",
  );
  pair.start();
  pair.run({ until: 9_000 });
  assert.equal(pair.server.endpoint.connections.size, 1);
  pair.run({ until: 20_000 });
  assert.equal(pair.server.endpoint.connections.size, 0);
});

Deno.test("Retry: a client proves its address and goes on", () => {
  const pair = new Pair({ server: { retry: "always" } });
  pair.start();
  const time = move(pair, 5_000);
  assert.ok(time > 130 && time < 200, `${time} ms`); // a round trip more
  assert.equal(pair.server.endpoint.connections.size, 1);
});

Deno.test("Retry succeeds with any one of the first datagrams lost or doubled", () => {
  for (const verdict of ["drop", "twice", { delay: 80 }] as Verdict[]) {
    for (const way of ["up", "down"]) {
      for (let unlucky = 0; unlucky < 6; unlucky++) {
        survive(
          (direction, count) => direction === way && count === unlucky ? verdict : "pass",
          { server: { retry: "always" } },
        );
      }
    }
  }
});

Deno.test("Retry validates the address: a long chain of certificates comes in one go", () => {
  const pair = new Pair({ server: { retry: "always" }, ...LONG_CHAIN });
  pair.start();
  const time = move(pair, 5_000);
  assert.ok(time < 200, `${time} ms`);
});

Deno.test("Data behind a flight that comes in reverse order are read with its first datagram", () => {
  const pair = new Pair({ server: { retry: "always" }, ...LONG_CHAIN });
  const { downward } = pair.links[0]!;
  // The Retry comes in time, of the flight behind it the last datagram first.
  const late = (count: number) => ({ delay: count === 0 ? 0 : Math.max(0, 100 - 10 * count) });
  intercept(downward, pair.world.network.events, late);
  const { handshake, paths } = pair.start();
  pair.run({ until: 1_000, when: () => handshake.complete });
  assert.ok(downward.counters.delivered > 4, "the flight has several datagrams");
  assert.equal(paths.openableId, 1, "the server's connection IDs for path 1 came behind it");
});

Deno.test("A token of an earlier connection spares the Retry, once", () => {
  const pair = new Pair({ server: { retry: "always" } }).connect();
  pair.run({ until: 1_000 });
  const news = pair.client.events.find((event) => event.type === "newToken");
  assert.ok(news?.type === "newToken", "the server sends a token");
  for (const expected of [2, 3]) {
    const config = pair.client.connection.config;
    const before = pair.now;
    const connection = pair.client.endpoint.connect(
      {
        transport: config,
        tls: { serverName: "server.test", alpn: ["sim"], verification: "insecure" },
        token: news.token,
      },
      pair.clientPorts[0]!,
      pair.serverPorts[0]!.publicAddress,
      pair.now,
    );
    pair.run({ when: () => connection.handshake.complete });
    assert.equal(Math.round((pair.now - before) / 44), expected - 1, "round trips");
  }
});

Deno.test("Handshakes over IPv6 work, on two paths", () => {
  const pair = new Pair({ ipv6: true, paths: 2, serverAddresses: 2 });
  pair.start();
  const time = move(pair, 2_000_000);
  assert.ok(time < 1_300, `${time} ms`);
  const { paths } = pair.client.connection.paths;
  assert.equal(paths.length, 2);
  assert.ok(paths[1]!.current.remote.hostname.includes(":"));
});

Deno.test("A server that stopped accepting refuses with a code", () => {
  const pair = new Pair();
  pair.server.endpoint.stopAccepting();
  const client = pair.start();
  pair.run({ until: 1_000 });
  assert.equal(client.closing.reason?.code, ErrorCode.ConnectionRefused);
  assert.equal(client.closing.reason?.by, "peer");
});

Deno.test("No common application protocol: both ends learn of it", () => {
  const pair = new Pair({ clientTls: { alpn: ["other"] } });
  const client = pair.start();
  pair.run({ until: 5_000 });
  assert.equal(client.closing.reason?.code, 0x178);
  assert.equal(pair.server.endpoint.connections.size, 0);
  expectClosedQuietly(pair);
});

function expectClosedQuietly(pair: Pair): void {
  pair.run({ until: pair.now + 60_000 });
  assert.equal(pair.client.endpoint.connections.size, 0);
  assert.equal(pair.client.endpoint.deadline, Infinity);
  assert.equal(pair.server.endpoint.deadline, Infinity);
}

Deno.test("Many handshakes at once share one server", () => {
  const pair = new Pair({ links: [linkOf(100, 44)] });
  pair.start();
  const connections = Array.from({ length: 100 }, () =>
    pair.client.endpoint.connect(
      {
        transport: pair.client.connection.config,
        tls: { serverName: "server.test", alpn: ["sim"], verification: "insecure" },
      },
      pair.clientPorts[0]!,
      pair.serverPorts[0]!.publicAddress,
      pair.now,
    ));
  pair.run({ until: 3_000 });
  assert.ok(connections.every((each) => each.handshake.confirmed));
  assert.equal(pair.server.endpoint.connections.size, 101);
  expectOpen(pair);
});
