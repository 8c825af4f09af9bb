import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import v8 from "node:v8";
import vm from "node:vm";
import { cubic } from "../../src/congestion/cubic.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { newReno } from "../../src/congestion/new_reno.ts";
import { PATH_CIDS_BLOCKED, PATHS_BLOCKED } from "../../src/frame/multipath.ts";
import { PATH_CHALLENGE } from "../../src/frame/path_validation.ts";
import {
  MAX_UNPROVEN_BYTES,
  MAX_UNPROVEN_BYTES_PER_HOST,
  UNPROVEN_PERIOD,
} from "../../src/limits/limits.ts";
import { Path } from "../../src/path/path.ts";
import { Attacker, frame } from "../connection/attacker.ts";
import { address, contextOf, portAt, TestPaths } from "../path/fakes.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { expectOpen, move } from "../sim/transfers.ts";

v8.setFlagsFromString("--expose-gc");
const collectGarbage: () => void = vm.runInNewContext("gc");

function connected(options: PairOptions): Pair {
  const pair = new Pair({ openPaths: false, ...options }).connect();
  pair.run({ until: 500 });
  return pair;
}

/** Paths of the server that are open or to be, over all time. */
function opened(pair: Pair): number {
  return pair.server.events.filter(({ type }) => type === "pathOpened").length;
}

Deno.test("A peer with spoofed addresses has two of them validated at once, for next to nothing [attack spoofed-addresses] [MPQUIC 3.1 three-times]", () => {
  const pair = connected({ paths: 6, config: { maxConcurrentPaths: 6 } });
  const { network } = pair.world;
  const before = pair.server.connection.paths.paths.length;
  let sent = 0;
  let spent = 0;
  let most = 0;
  network.capture = (_time, event, from, to, data) => {
    if (event === "send" && to.hostname.startsWith("10.66.")) sent += data.length;
    if (event === "deliver" && from.hostname.startsWith("10.66.")) spent += data.length;
  };
  // The hosts at the addresses it names have never heard of any connection.
  for (let i = 1; i < 6; i++) pair.clientPorts[i]!.publicAddress = victim(i);
  pair.openPaths();
  for (let i = 0; i < 100; i++) {
    pair.run({ until: pair.now + 100 });
    const { paths } = pair.server.connection.paths;
    const unproven = paths.filter(({ readiness, current }) =>
      readiness >= Readiness.Opening && !current.validated
    );
    most = Math.max(most, unproven.length);
  }
  assert.ok(most >= 1 && most <= 2, `${most} addresses were being validated at once`);
  assert.equal(opened(pair), 0, "none was believed");
  assert.ok(sent > 0 && sent <= 1.5 * spent, `${sent} bytes to strangers for ${spent}`);
  assert.ok(sent / 10 < 5_000, `${sent / 10} bytes a second to strangers`);
  assert.ok(pair.server.connection.paths.paths.length <= before + 5);
  expectOpen(pair);
  move(pair, 100_000);
});

Deno.test("Paths that are not proven cost little memory [attack memory-before-validation]", () => {
  const context = contextOf(true);
  const pathContext = { ...context, network: { ...context.network, congestionControl: cubic } };
  const { set } = new TestPaths();
  const slot = set.slot(1)!;
  const [port, remote] = [portAt(1), address(2)];
  // What is under way elsewhere only ever adds to a figure, so the least of three is the best.
  let bytes = Infinity;
  for (let round = 0; round < 3; round++) {
    const kept: Path[] = [];
    collectGarbage();
    const before = Deno.memoryUsage().heapUsed;
    for (let i = 0; i < 20_000; i++) {
      kept.push(new Path(slot, port, remote, pathContext, set));
    }
    collectGarbage();
    bytes = Math.min(bytes, (Deno.memoryUsage().heapUsed - before) / kept.length);
  }
  assert.ok(bytes < 5_500, `${bytes} bytes for a path before its validation`);
});

Deno.test("Many connections that name one victim have 64 KB sent there at once [attack spoofed-addresses]", () => {
  const pair = connected({ config: { congestionControl: newReno } });
  const connections = Array.from({ length: 30 }, () => pair.start());
  pair.run({ until: pair.now + 2_000 });
  assert.ok(connections.every(({ handshake }) => handshake.confirmed));
  let sent = 0;
  pair.world.network.capture = (_time, event, _from, to, data) => {
    if (event === "send" && to.hostname === victim(1).hostname) sent += data.length;
  };
  const port = pair.clientPorts[0]!;
  const home = port.publicAddress;
  port.publicAddress = victim(1);
  for (const connection of connections) {
    for (let n = 0; n < 4; n++) connection.datagrams.send(new Uint8Array(1_100));
    pair.client.endpoint.touch(connection);
  }
  pair.run({ until: pair.now + 1_000 });
  const limit = MAX_UNPROVEN_BYTES_PER_HOST * (1 + 1_000 / UNPROVEN_PERIOD);
  assert.ok(sent > 3 * MAX_UNPROVEN_BYTES && sent <= limit, `${sent} bytes to the victim`);
  port.publicAddress = home;
  pair.run({ until: pair.now + 2 * UNPROVEN_PERIOD });
  expectOpen(pair);
  move(pair, 100_000);
});

Deno.test("A third path over the same 4-tuple is refused, two are served [attack many-paths-one-address] [MPQUIC 5.2 one-address]", () => {
  const pair = connected({ config: { maxConcurrentPaths: 6 } });
  const remote = pair.serverPorts[0]!.publicAddress;
  for (let i = 0; i < 4; i++) {
    pair.client.connection.openPath(pair.clientPorts[0]!, remote, "available", pair.now);
  }
  pair.run({ until: pair.now + 5_000 });
  const live = pair.server.connection.paths.paths.filter((path) =>
    path.readiness >= Readiness.Opening
  );
  assert.equal(live.length, 2);
  const refused = pair.client.events.filter((event) => event.type === "pathClosed");
  assert.ok(refused.length >= 3);
  for (const event of refused) {
    if (event.type === "pathClosed") assert.equal(event.code, ErrorCode.PathResourceLimitReached);
  }
  expectOpen(pair);
  move(pair, 100_000);
});

Deno.test("A peer opens four paths a second at the most, in the long run [attack path-rate] [MPQUIC 7.1 limits]", () => {
  const pair = connected({ links: [linkOf(100, 2), linkOf(100, 2)] });
  const begun = pair.now;
  for (let round = 0; round < 500; round++) {
    pair.openPaths();
    pair.run({ until: pair.now + 20 });
    for (const path of [...pair.client.connection.paths.paths]) {
      if (path.id > 0) pair.client.connection.closePath(path, 0, pair.now);
    }
    pair.client.touch();
  }
  const seconds = (pair.now - begun) / 1_000;
  assert.ok(opened(pair) > 5 && opened(pair) <= 8 + 4 * seconds + 1, `${opened(pair)} paths`);
  expectOpen(pair);
});

Deno.test("One path at a time is followed to an unproven address, and all arrive in the end [attack all-paths-migrate]", () => {
  const pair = connected({ paths: 4, openPaths: true });
  pair.run({ until: 1_000 });
  const transfer = pair.client.app.download(3_000_000);
  pair.run({ until: 1_200 });
  pair.clientPorts.forEach((port, i) => port.rebind({ hostname: `10.77.${i}.1` }));
  let most = 0;
  for (let i = 0; i < 300 && !transfer.isDone; i++) {
    pair.run({ until: pair.now + 5 });
    const moving = pair.server.connection.paths.paths.filter(({ readiness, current }) =>
      readiness >= Readiness.Open && !current.validated
    );
    most = Math.max(most, moving.length);
  }
  pair.run({ until: pair.now + 20_000, when: () => transfer.isDone });
  assert.equal(most, 1);
  assert.ok(transfer.isDone, `${transfer.received} bytes`);
  expectOpen(pair);
  for (const path of pair.server.connection.paths.paths) {
    assert.match(path.current.remote.hostname, /^10\.77\./, `path ${path.id} was followed`);
  }
});

Deno.test("Connection IDs of all paths together are 32 at the most, however many paths there are [attack many-path-ids]", () => {
  for (const maxPaths of [1, 2, 4, 8, 16]) {
    const pair = connected({ config: { maxConcurrentPaths: maxPaths, activeIdLimit: 8 } });
    pair.run({ until: 2_000 });
    for (const { connection } of [pair.client, pair.server]) {
      let total = 0;
      for (const slot of connection.paths.slots) {
        assert.ok(slot.local.nextSequence <= 4);
        total += slot.local.nextSequence;
      }
      assert.ok(total >= 2 && total <= 32, `${total} IDs for ${maxPaths} paths`);
      const limit = connection.peer.parameters.activeConnectionIdLimit;
      assert.ok(limit >= 2 && limit * maxPaths <= 32, `${limit} announced for ${maxPaths} paths`);
    }
  }
});

for (const side of ["client", "server"] as const) {
  Deno.test(`A ${side}'s flood of PATH_CHALLENGE on all paths is answered 16 times a round trip [attack path-challenge-on-all-paths]`, () => {
    const pair = connected({ paths: 4, openPaths: true });
    pair.run({ until: 1_500 });
    const attacker = new Attacker(pair, side);
    const { network } = pair.world;
    let bytes = 0;
    const from = attacker.victim.host.ports.map(({ publicAddress }) => publicAddress.hostname);
    network.capture = (_time, event, sender, _to, data) => {
      if (event === "send" && from.includes(sender.hostname)) bytes += data.length;
    };
    // 100,000 challenges in a tenth of a second, while nothing of the answers is acknowledged.
    for (let i = 0; i < 1_000; i++) {
      attacker.send((writer) => {
        for (let k = 0; k < 100; k++) {
          writer.varint(PATH_CHALLENGE);
          writer.put(new Uint8Array(8).fill(k));
        }
      }, i % 4);
      if (i % 10 === 0) pair.run({ until: pair.now + 1 });
    }
    // Twice 16 and what comes back of them in two round trips; each is 1,200 bytes at the most.
    assert.ok(bytes > 0 && bytes < 80 * 1_200, `${bytes} bytes`);
    attacker.expectAlive();
  });
}

Deno.test("100,000 PATHS_BLOCKED and PATH_CIDS_BLOCKED lead to no answers [attack paths-blocked-flood]", () => {
  const pair = connected({ paths: 2, openPaths: true });
  pair.run({ until: 1_500 });
  const attacker = new Attacker(pair);
  const { paths } = pair.server.connection;
  const limit = paths.limits.local;
  for (let i = 0; i < 1_000; i++) {
    attacker.send((writer) => {
      for (let k = 0; k < 50; k++) {
        frame(PATHS_BLOCKED, limit)(writer);
        frame(PATH_CIDS_BLOCKED, 2, 0)(writer);
      }
    });
    if (i % 10 === 0) pair.run({ until: pair.now + 1 });
  }
  assert.equal(paths.limits.local, limit);
  assert.equal(paths.limits.pending, false);
  attacker.expectAlive();
});

function victim(index: number): { transport: "udp"; hostname: string; port: number } {
  return { transport: "udp", hostname: `10.66.${index}.6`, port: 6_000 };
}
