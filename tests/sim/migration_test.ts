import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { bbr } from "../../src/congestion/bbr.ts";
import { cubic } from "../../src/congestion/cubic.ts";
import type { PreferredAddresses } from "../../src/connection/config.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { PingRequest } from "../../src/connection/ping_request.ts";
import type { Address } from "../../src/path/address/address.ts";
import { formatAddress, sameAddress } from "../../src/path/address/address.ts";
import type { SimPort } from "../../src/sim/sim_port.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { assertUnlinked, watchIds } from "./seen_ids.ts";
import type { Transfer } from "../../src/sim/stream_app.ts";
import { begin, type Direction, expectOpen } from "./transfers.ts";

const megabyte = 1_048_576;

interface Moving {
  readonly pair: Pair;
  readonly down: Transfer;
  readonly seen: Map<string, Set<string>>;
  /** A port on another link that no path uses yet. */
  readonly spare: SimPort;
}

/** A connection in the middle of a transfer in both directions, and a port to move to. */
function moving(options: PairOptions = {}): Moving {
  const pair = new Pair({ paths: 1, ...options });
  const link = pair.world.network.link(linkOf(10, 60));
  const spare = pair.client.host.open("10.77.0.1", 50_077, link);
  pair.client.host.ports.pop(); // not for `openPaths`
  pair.connect();
  pair.run({ until: pair.now + 300 });
  const seen = watchIds(pair);
  const down = pair.client.app.download(3 * megabyte);
  pair.client.app.upload(megabyte);
  pair.run({ until: pair.now + 20_000, when: () => down.received > megabyte });
  return { pair, down, seen, spare };
}

function finish({ pair, down }: Moving): void {
  const uploads = pair.server.app.uploads;
  const isDone = () => down.isDone && [...uploads.values()].every((upload) => upload.isDone);
  pair.run({ until: pair.now + 60_000, when: isDone });
  assert.ok(isDone(), `${down.received} bytes came`);
}

Deno.test("Connection.migratePath() moves a path to another interface, under another ID", () => {
  const m = moving();
  const { pair, spare, seen } = m;
  const { connection } = pair.client;
  const path = connection.paths.find(0)!;
  const old = path.current;
  assert.ok(connection.migratePath(path, spare, path.current.remote, pair.now));
  pair.run({ until: pair.now + 2_000, when: () => pair.client.has("pathMoved") });
  assert.equal(path.current.port, spare);
  const [moved, leavesAt] = [pair.now, path.route.leavesAt];
  pair.run({ until: pair.now + 2_000, when: () => path.route.previous !== old });
  assert.ok(pair.now >= leavesAt && leavesAt > moved + 50, "what was under way there may come");
  finish(m);
  const served = pair.server.connection.paths.find(0)!.current.remote;
  assert.ok(sameAddress(served, spare.publicAddress) && pair.server.has("pathMoved"));
  assert.equal(path.id, 0);
  assertUnlinked(seen);
  // RFC 9000, Section 9.4: window and round-trip time belong to the new 4-tuple alone.
  assert.ok(path.current.rtt.min >= 60, `${path.current.rtt.min} ms`);
});

Deno.test("Connection.migratePath() moves any path while the others go on", () => {
  for (const id of [0, 1]) {
    const m = moving({ paths: 2 });
    const { pair, spare, seen } = m;
    const path = pair.client.connection.paths.find(id)!;
    assert.ok(pair.client.connection.migratePath(path, spare, path.current.remote, pair.now));
    finish(m);
    assert.equal(path.current.port, spare);
    assertUnlinked(seen);
    assert.ok(pair.client.connection.paths.paths.length === 2 && !pair.client.has("pathClosed"));
  }
});

Deno.test("Connection.migratePath() works when the old interface is gone at once", () => {
  const m = moving();
  const { pair, spare } = m;
  const path = pair.client.connection.paths.find(0)!;
  pair.links[0]!.down();
  pair.client.connection.migratePath(path, spare, path.current.remote, pair.now);
  pair.run({ until: pair.now + 1_000, when: () => pair.client.has("pathMoved") });
  assert.equal(path.current.port, spare);
  finish(m);
});

Deno.test("Connection.migratePath() stays where it is when nothing answers there", () => {
  const m = moving();
  const { pair, spare } = m;
  const { connection } = pair.client;
  const path = connection.paths.find(0)!;
  spare.link!.down();
  assert.ok(connection.migratePath(path, spare, path.current.remote, pair.now));
  finish(m);
  pair.run({ until: pair.now + 5_000 });
  assert.ok(pair.client.has("pathStayed") && !pair.client.has("pathMoved"));
  assert.equal(path.current.port, pair.clientPorts[0]);
  // The server gave other IDs for those that were used up in vain.
  assert.ok(connection.migratePath(path, spare, path.current.remote, pair.now));
});

Deno.test("Connection.migratePath() moves a hundred times, and IDs do not run out", () => {
  const pair = new Pair({ config: { activeIdLimit: 2 } });
  const ports = [0, 1].map((i) => pair.client.host.open(`10.77.0.${i}`, 50_077, pair.links[0]));
  pair.client.host.ports.length = 1;
  pair.connect();
  pair.run({ until: pair.now + 200 });
  const { connection } = pair.client;
  const path = connection.paths.find(0)!;
  const seen = watchIds(pair);
  for (let i = 0; i < 100; i++) {
    const port = ports[i % 2]!;
    assert.ok(connection.migratePath(path, port, path.current.remote, pair.now), `move ${i}`);
    pair.run({ until: pair.now + 1_000 });
    assert.equal(path.current.port, port, `move ${i}`);
  }
  assertUnlinked(seen);
  assert.ok(connection.closing.open);
});

// RFC 9000, Section 9: not before the handshake is confirmed, and never by a server.
Deno.test("Connection.migratePath() refuses what RFC 9000 forbids", () => {
  const pair = new Pair();
  const spare = pair.client.host.open("10.77.0.1", 50_077, pair.links[0]);
  pair.start();
  const path = pair.client.connection.paths.find(0)!;
  const { remote } = path.current;
  assert.equal(pair.client.connection.migratePath(path, spare, remote, 0), false);
  pair.run({ until: 1_000 });
  const served = pair.server.connection.paths.find(0)!;
  const { port } = served.current;
  assert.equal(pair.server.connection.migratePath(served, port, remote, pair.now), false);
  assert.equal(pair.client.connection.migratePath(path, spare, remote, pair.now), true);
});

Deno.test("disable_active_migration forbids the address of the handshake only", () => {
  const { pair, spare } = moving({
    serverAddresses: 2,
    serverConfig: { disableActiveMigration: true },
  });
  const { connection } = pair.client;
  const path = connection.paths.find(0)!;
  const { remote } = path.current;
  assert.equal(connection.migratePath(path, spare, remote, pair.now), false);
  const other = pair.serverPorts[1]!.publicAddress;
  assert.equal(connection.migratePath(path, spare, other, pair.now), true);
});

/** A pair whose server would rather be reached elsewhere. */
function preferring(preferredAddress: PreferredAddresses, options: PairOptions = {}): Pair {
  const pair = new Pair({ serverAddresses: 2, serverConfig: { preferredAddress }, ...options });
  pair.connect();
  return pair;
}

const elsewhere: Address = { transport: "udp", hostname: "10.0.1.2", port: 443 };

Deno.test("A client moves to the server's preferred address, under another ID [MPQUIC 2.2 preferred-address]", () => {
  for (const paths of [1, 2]) {
    const pair = preferring({ ipv4: elsewhere }, { paths });
    const seen = watchIds(pair);
    const transfer = pair.client.app.download(megabyte);
    pair.run({ until: pair.now + 20_000, when: () => transfer.isDone });
    const path = pair.client.connection.paths.find(0)!;
    assert.equal(formatAddress(path.current.remote), "10.0.1.2:443");
    assert.equal(pair.server.connection.paths.find(0)!.current.port, pair.serverPorts[1]);
    assertUnlinked(seen);
  }
});

// RFC 9000, Section 9.6.2: until then the server answers from where it was met.
Deno.test("A server moves to its preferred address once the client has proven to be there", () => {
  let checked = 0;
  for (let seed = 1; seed <= 10; seed++) {
    // With losses, the client may be proven to the server later than the server to the client.
    const links = [linkOf(10, 44, { loss: 0.2 })];
    const pair = preferring({ ipv4: elsewhere }, { seed, links });
    const path = pair.server.connection.paths.find(0)!;
    const when = () => {
      if (path.current.port === pair.serverPorts[0]) return false;
      checked++;
      assert.ok(path.current.validated, `seed ${seed}`);
      return path.current.validated;
    };
    pair.client.app.download(megabyte);
    pair.run({ until: pair.now + 10_000, when });
  }
  assert.ok(checked >= 8, `${checked} moved`);
});

Deno.test("A client moves to the preferred address of its family", () => {
  const ipv6: Address = { transport: "udp", hostname: "fd77:0:1::2", port: 443 };
  const pair = preferring({ ipv4: elsewhere, ipv6 }, { ipv6: true });
  pair.run({ until: pair.now + 1_000 });
  assert.equal(pair.client.connection.paths.find(0)!.current.remote.hostname, "fd77:0:1::2");
});

Deno.test("A client stays where it is when the preferred address does not answer", () => {
  const pair = preferring({ ipv4: { ...elsewhere, hostname: "10.0.1.99" } });
  const transfer = pair.client.app.download(megabyte);
  pair.run({ until: pair.now + 20_000 });
  assert.ok(transfer.isDone && pair.client.has("pathStayed"));
  assert.equal(pair.client.connection.paths.find(0)!.current.remote.hostname, "10.0.0.2");
});

// RFC 9000, Section 21.5.3: a server could make its clients send to another host.
Deno.test("A client does not move where it could do harm", () => {
  const victims: Address[] = [
    { ...elsewhere, port: 53 },
    { ...elsewhere, port: 11_211 },
    { ...elsewhere, port: 80 },
    { ...elsewhere, hostname: "127.0.0.1" },
    { ...elsewhere, hostname: "224.0.0.1" },
    { ...elsewhere, hostname: "169.254.169.254" },
    { ...elsewhere, hostname: "0.0.0.0" },
  ];
  for (const ipv4 of victims) {
    const pair = new Pair({ serverConfig: { preferredAddress: { ipv4 } } });
    let sent = 0;
    pair.world.network.capture = (_time, event, _from, to) => {
      if (event === "send" && sameAddress(to, ipv4)) sent++;
    };
    pair.connect();
    pair.run({ until: pair.now + 5_000 });
    assert.equal(sent, 0, formatAddress(ipv4));
    assert.ok(pair.client.connection.closing.open);
  }
});

Deno.test("A NAT forgets its bindings while the connection is idle, on any path and on all", () => {
  for (const rebound of [[0], [1], [0, 1]]) {
    const pair = new Pair({ paths: 2, clientConfig: { keepAliveInterval: 10_000 } }).connect();
    pair.run({ until: pair.now + 12_000 });
    for (const index of rebound) pair.clientPorts[index]!.rebind({ hostname: `10.88.0.${index}` });
    pair.run({ until: pair.now + 25_000 });
    const transfer = pair.client.app.download(megabyte);
    pair.run({ until: pair.now + 20_000, when: () => transfer.isDone });
    assert.ok(transfer.isDone, `${rebound}`);
    for (const end of [pair.client, pair.server]) {
      assert.equal(
        end.connection.paths.paths.filter((path) => path.readiness >= Readiness.Open).length,
        2,
      );
    }
  }
});

Deno.test("A path follows rebinding after rebinding", () => {
  const pair = new Pair({ paths: 2 }).connect();
  const transfer = pair.client.app.download(40 * megabyte);
  for (let i = 0; i < 10; i++) {
    pair.run({ until: pair.now + 1_500 });
    pair.clientPorts[i % 2]!.rebind({ port: 20_000 + i });
  }
  pair.run({ until: pair.now + 60_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone);
});

// RFC 9000, Section 8.2.3: a small packet from a new address earns little, and a small challenge
// proves the address, but not that datagrams of 1200 bytes get there.
Deno.test("A server proves full size as well where its first challenge had to be small", () => {
  for (const mtu of [1_500, 1_000]) {
    const pair = new Pair().connect();
    pair.run({ until: pair.now + 1_000 });
    const sizes: number[] = [];
    const moved = pair.clientPorts[0]!.rebind({ hostname: "10.88.0.1" });
    pair.links[0]!.downward.options.mtu = mtu;
    pair.world.network.capture = (_time, event, _from, to, data) => {
      if (event === "send" && sameAddress(to, moved)) sizes.push(data.length);
    };
    pair.client.connection.ping(pair.client.connection.paths.find(0)!, new PingRequest());
    pair.run({ until: pair.now + 200 });
    assert.ok(sizes[0]! < 200, `${sizes}`);
    assert.ok(sizes.includes(1_200), `${sizes}`);
    pair.run({ until: pair.now + 8_000 });
    const { reason } = pair.server.connection.closing;
    // RFC 9000, Section 14.2: there is no other path, so that is the end.
    assert.equal(reason?.code, mtu === 1_500 ? undefined : ErrorCode.NoViablePath, reason?.reason);
  }
});

/** Milliseconds for 10 s worth of data while a NAT forgets the client's port now and then. */
function timeOfRebinding(every: number, direction: Direction, options: PairOptions): number {
  const pair = new Pair({ links: [linkOf(20, 100)], ...options }).connect();
  const from = pair.now;
  const finished = begin(pair, 24 * megabyte, direction);
  for (let i = 0; finished() === Infinity && pair.now < 60_000; i++) {
    pair.run({ until: pair.now + every, when: () => finished() < Infinity });
    pair.clientPorts[0]!.rebind({ port: 20_000 + i });
  }
  expectOpen(pair);
  return finished() - from;
}

// RFC 9000, Section 9.4: the window holds where only the port changes. What is left is the round
// trip that the proof of the new address takes.
Deno.test("A NAT that forgets a port every second costs a round trip each time, no more", () => {
  for (const congestionControl of [cubic, bbr]) {
    for (const direction of ["download", "upload"] as const) {
      const options = { config: { congestionControl } };
      const still = timeOfRebinding(60_000, direction, options);
      const time = timeOfRebinding(1_000, direction, options);
      const most = direction === "download" ? 1_300 : 50;
      assert.ok(time - still < most, `${direction}: ${still} ms, then ${time} ms`);
    }
  }
});

Deno.test("An address that only seems to have changed costs no window either", () => {
  const pair = new Pair().connect();
  pair.client.app.download(20 * megabyte);
  pair.run({ until: pair.now + 3_000 });
  const path = pair.server.connection.paths.find(0)!;
  const { congestion, remote } = path.current;
  // An attacker on the way resends a packet of the client from another port, and is faster.
  const { upward } = pair.links[0]!;
  const push = upward.push.bind(upward);
  upward.push = (flight) => {
    upward.push = push;
    const from = { ...remote, port: 6_666 };
    pair.world.network.inject(flight.data, from, pair.serverPorts[0]!.publicAddress);
    push(flight);
  };
  pair.run({ until: pair.now + 10 });
  assert.equal(path.current.remote.port, 6_666);
  assert.equal(path.current.congestion, congestion);
  pair.run({ until: pair.now + 1_000 });
  assert.ok(sameAddress(path.current.remote, remote));
  assert.equal(path.current.congestion, congestion);
  expectOpen(pair);
});
