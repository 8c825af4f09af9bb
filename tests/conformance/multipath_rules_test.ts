import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { encodeTransportParameters } from "../../src/connection/parameters/transport_parameters.ts";
import { rememberedParameters } from "../../src/connection/parameters/early_data.ts";
import {
  parameterId,
  TransportParameters,
} from "../../src/connection/parameters/parameter_table.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { ACK } from "../../src/frame/ack.ts";
import { MAX_PATH_ID, PATH_ABANDON } from "../../src/frame/multipath.ts";
import { LocalIds } from "../../src/path/id/local_ids.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { ExtensionType } from "../../src/tls/code/code_point.ts";
import { Attacker, frame, idOf } from "../connection/attacker.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { SeededRandom } from "../../src/sim/seeded_random.ts";
import { expectOpen, move } from "../sim/transfers.ts";
import { RunnerCase } from "./runner_case.ts";
import { rewriteExtension, withParameter, withTwistedTls } from "./twisted_tls.ts";

// What MPQUIC, Section 2 demands of the beginning and the end of a connection. `multipath_paths_test`
// has what is between them; `requirements/multipath` has all rules, other tests are tagged with theirs.

type Side = "client" | "server";

const sides = ["client", "server"] as const;
const NOTHING = new Uint8Array(0);

function numbers(...values: number[]): Uint8Array {
  return new Uint8Array(values);
}

function connected(options: PairOptions = {}): Pair {
  const pair = new Pair(options).connect();
  pair.run({ until: pair.now + 500 });
  return pair;
}

/** One end sends other transport parameters than it means. */
function announcing(
  side: Side,
  changes: readonly (readonly [id: number, value: Uint8Array])[],
  options: PairOptions = {},
): Pair {
  const pair = new Pair(options);
  const type = ExtensionType.QuicTransportParameters;
  const rewrite = rewriteExtension(type, (body) => {
    for (const [id, value] of changes) body = withParameter(body, id, value);
    return [type, body];
  });
  withTwistedTls(side, rewrite, () => {
    pair.start();
    pair.run({ until: 1_000 });
  });
  return pair;
}

// MPQUIC, Section 2.1.
Deno.test("initial_max_path_id of 0 turns multipath on, and MAX_PATH_ID allows paths later [MPQUIC 2.1 zero] [scenario later]", () => {
  const pair = announcing("server", [[parameterId("initialMaxPathId"), numbers(0)]], { paths: 2 });
  const { paths } = pair.client.connection;
  assert.equal(paths.multipath, true);
  assert.equal(paths.paths.length, 1, "no further path is allowed yet");
  assert.ok(!pair.client.has("pathRefused"), "it is waited for");
  const attacker = new Attacker(pair, "server");
  attacker.send(frame(MAX_PATH_ID, 1));
  pair.run({ until: 2_000 });
  assert.deepEqual(paths.paths.map(({ id, readiness }) => [id, readiness >= Readiness.Open]), [[
    0,
    true,
  ], [1, true]]);
  move(pair, 200_000);
});

for (const side of sides) {
  Deno.test(`initial_max_path_id of a ${side} above 2^32 - 1 is an error [MPQUIC 2.1 highest]`, () => {
    const cases: [Uint8Array, number | undefined][] = [
      [numbers(0xc0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff), undefined],
      [numbers(0xc0, 0, 0, 1, 0, 0, 0, 0), ErrorCode.TransportParameterError],
      [numbers(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), ErrorCode.TransportParameterError],
    ];
    for (const [value, code] of cases) {
      const pair = announcing(side, [[parameterId("initialMaxPathId"), value]]);
      assert.equal(new Attacker(pair, side).verdict, code);
    }
  });

  Deno.test(`initial_max_path_id of a ${side} that has an empty connection ID is an error [attack empty-connection-ids] [MPQUIC 2.1 empty-ids]`, () => {
    for (const [offer, code] of [[3, ErrorCode.ProtocolViolation], [-1, undefined]] as const) {
      const { startLong } = PacketBuilder.prototype;
      const { fill } = LocalIds.prototype;
      // RFC 9000, Section 19.15: whose ID is empty issues no others.
      LocalIds.prototype.fill = () => {};
      let client: PacketBuilder | undefined;
      PacketBuilder.prototype.startLong = function (...args) {
        client ??= this;
        if ((this === client) === (side === "client")) args[3] = NOTHING;
        return startLong.apply(this, args);
      };
      try {
        const config = { [`${side}Config`]: { maxConcurrentPaths: offer < 0 ? 1 : 4 } };
        const pair = announcing(side, [[parameterId("initialSourceId"), NOTHING]], config);
        assert.equal(new Attacker(pair, side).verdict, code, `with ${offer}`);
      } finally {
        PacketBuilder.prototype.startLong = startLong;
        LocalIds.prototype.fill = fill;
      }
    }
  });

  // MPQUIC, Section 2.6.
  Deno.test(`A ${side} that has closed remembers it for three probe timeouts of its slowest path [MPQUIC 2.6 closing]`, () => {
    const pair = connected({ links: [linkOf(10, 20), linkOf(10, 600)] });
    pair.run({ until: 4_000 });
    const { connection } = pair[side];
    const slowest = connection.paths.find(1)!.probeTimeout;
    assert.ok(slowest > 600 && connection.paths.find(0)!.probeTimeout < 200);
    const other = pair[side === "client" ? "server" : "client"].connection;
    connection.close(7, "", pair.now);
    const left = connection.closing.deadline - pair.now;
    assert.ok(Math.abs(left - 3 * slowest) < 1, `closing for ${left} ms`);
    pair[side].touch();
    pair.run({ until: pair.now + 400, when: () => !other.closing.open });
    const draining = other.closing.deadline - pair.now;
    assert.ok(draining >= 3 * 600 && draining < 4_000, `draining for ${draining} ms`);
  });

  Deno.test(`A ${side} without any path left waits a probe timeout, and remembers for three [attack abandon-only-path] [MPQUIC 3.4 only-path]`, () => {
    const pair = connected();
    const attacker = new Attacker(pair, side);
    const { closing, paths } = attacker.victim.connection;
    const timeout = paths.largestProbeTimeout;
    const from = pair.now;
    attacker.send(frame(PATH_ABANDON, 0, 0));
    pair.run({ until: from + 5_000, when: () => !closing.open });
    const waited = pair.now - from;
    assert.ok(Math.abs(waited - timeout) < 5, `${waited} ms, not ${timeout}`);
    attacker.expectClose(ErrorCode.NoViablePath);
    const left = closing.deadline - pair.now;
    assert.ok(Math.abs(left - 3 * timeout) < 5, `${left} ms, not 3 times ${timeout}`);
    // The peer is told, on the only path there is, though that is abandoned.
    pair.run({ until: pair.now + 100 });
    assert.equal(attacker.own.connection.closing.reason?.code, ErrorCode.NoViablePath);
  });
}

// MPQUIC, Section 3.4: it may be a client that changes its network.
Deno.test("A server whose only path was abandoned goes on with another one, if that comes in time [attack abandon-only-path] [MPQUIC 3.4 only-path]", () => {
  const pair = connected({ paths: 2, openPaths: false });
  new Attacker(pair, "client").send(frame(PATH_ABANDON, 0, 0));
  pair.openPaths();
  pair.run({ until: pair.now + 500 });
  expectOpen(pair);
  move(pair, 100_000);
  pair.run({ until: pair.now + 3_000 });
  for (const { connection } of [pair.client, pair.server]) {
    assert.deepEqual(connection.paths.paths.map(({ id }) => id), [1]);
  }
});

// MPQUIC, Section 2.1.
Deno.test("initial_max_path_id is not remembered for 0-RTT data [MPQUIC 2.1 not-remembered]", () => {
  const parameters = new TransportParameters();
  parameters.initialMaxPathId = 3;
  parameters.initialMaxData = 1_000;
  parameters.initialSourceId = parameters.originalDestinationId = idOf(1);
  const bytes = encodeTransportParameters(parameters, new SeededRandom(1));
  const remembered = rememberedParameters(bytes)!;
  assert.equal(remembered.initialMaxData, 1_000);
  assert.equal(remembered.initialMaxPathId, -1);
});

// A peer of today offers time stamps and more, and sends their frames only if it is offered them.
Deno.test("Transport parameters that are not known to us change nothing about paths [scenario others-parameters]", () => {
  for (const side of sides) {
    const pair = announcing(side, [[0x7158, numbers(3)], [0xff04_de1b, numbers(0x40, 0x64)]], {
      paths: 2,
    });
    assert.equal(pair.client.connection.paths.liveCount, 2);
    move(pair, 200_000);
  }
});

// MPQUIC, Section 2.2.
Deno.test("disable_active_migration keeps further paths from the address of the handshake only [MPQUIC 2.2 migration]", () => {
  for (const early of [true, false]) {
    const pair = new Pair({
      paths: 3,
      serverAddresses: 2,
      openPaths: false,
      serverConfig: { disableActiveMigration: true },
    });
    const [met, other] = pair.serverPorts.map(({ publicAddress }) => publicAddress);
    const { network } = pair.world;
    const targets = new Set<string>();
    network.capture = (_time, event, from, to) => {
      if (event === "send" && from.hostname !== "10.0.0.1") targets.add(to.hostname);
    };
    pair.start();
    if (!early) pair.run({ until: 500 });
    const { connection } = pair.client;
    const refused = connection.openPath(pair.clientPorts[1]!, met!, "available", pair.now);
    const opened = connection.openPath(pair.clientPorts[2]!, other!, "available", pair.now);
    pair.run({ until: 2_000 });
    const answers = pair.client.events.filter((event) => event.type.startsWith("path"));
    const outcome = answers.map((event) => [event.type, "request" in event && event.request]);
    assert.deepEqual(outcome, [["pathRefused", refused], ["pathOpened", opened]]);
    assert.equal(opened.path!.id, 1, "no ID was used up for what is not allowed");
    assert.ok(targets.has(other!.hostname) && !targets.has(met!.hostname), [...targets].join());
    move(pair, 100_000);
  }
});

// MPQUIC, Section 2.3: also of what came before either end knew of several paths.
Deno.test("0-RTT and 1-RTT packets are acknowledged by PATH_ACK, those of the handshake by ACK [MPQUIC 2.3 path-ack]", () => {
  const runner = new RunnerCase({ server: { earlyData: true } });
  const first = runner.fetch([20_000, 20_000]);
  runner.pair.run({ until: runner.pair.now + 200 });
  runner.leave(first);
  const second = runner.connect({ session: first.sessions[0], earlyData: true });
  second.app.get(20_000);
  runner.finish(second);
  assert.equal(runner.served[1]!.early, 1);
  const seen = new Map<string, number>();
  for (const { type, frames } of runner.tap.packets) {
    for (const [name, pathId] of frames) {
      if (name === "onPathAck") assert.equal(pathId, 0);
      if (name !== "onAck" && name !== "onPathAck") continue;
      const key = `${type === PacketType.OneRtt ? "1-RTT" : "handshake"} ${name}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
  assert.deepEqual([...seen.keys()].toSorted(), ["1-RTT onPathAck", "handshake onAck"]);
  assert.ok(seen.get("1-RTT onPathAck")! > 10);
});

// MPQUIC, Section 2.3: a peer may prefer it while there is one path only.
for (const side of sides) {
  Deno.test(`A ${side} may acknowledge all of path 0 with ACK [MPQUIC 2.3 ack]`, () => {
    const pair = connected();
    const attacker = new Attacker(pair, side);
    const { space } = attacker.victim.connection.paths.find(0)!;
    // From now on the real peer's acknowledgements are lost.
    const { upward, downward } = pair.links[0]!;
    (side === "client" ? upward : downward).down();
    const { app } = attacker.victim;
    if (side === "client") app.upload(3_000);
    else app.download(3_000);
    attacker.victim.touch();
    pair.run({ until: pair.now + 30 });
    const last = space.sent.next - 1;
    assert.ok(space.elicitingInFlight > 0);
    attacker.send(frame(ACK, last, 0, 0, last - space.sent.first));
    assert.equal(space.elicitingInFlight, 0);
    assert.equal(attacker.verdict, undefined);
  });
}
