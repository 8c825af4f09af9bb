import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { ErrorCode } from "../../src/error/error_code.ts";
import { PATH_ACK, PATH_ACK_ECN } from "../../src/frame/ack.ts";
import {
  PATH_NEW_CONNECTION_ID,
  PATH_RETIRE_CONNECTION_ID,
} from "../../src/frame/connection_id.ts";
import {
  MAX_PATH_ID,
  PATH_ABANDON,
  PATH_CIDS_BLOCKED,
  PATH_STATUS_AVAILABLE,
  PATH_STATUS_BACKUP,
  PATHS_BLOCKED,
} from "../../src/frame/multipath.ts";
import { PATH_CHALLENGE } from "../../src/frame/path_validation.ts";
import { PING } from "../../src/frame/ping.ts";
import { STREAM } from "../../src/frame/stream.ts";
import { PacketBuilder } from "../../src/packet/packet_builder.ts";
import { PacketType } from "../../src/packet/packet_type.ts";
import { Stage } from "../../src/path/health/lifecycle.ts";
import type { Path } from "../../src/path/path.ts";
import { NamedGroup } from "../../src/tls/code/code_point.ts";
import { Attacker, frame, type Frames, nameOf, newId } from "../connection/attacker.ts";
import { firstVisit, visitAgain } from "../sim/early_data.ts";
import { intercept } from "../../src/sim/intercept.ts";
import { Pair, type PairOptions } from "../sim/pair.ts";
import { begin, expectOpen, move } from "../sim/transfers.ts";
import { WireTap } from "./wire_tap.ts";

// What MPQUIC, Sections 3 and 4 demand of paths and their frames, as far as no other test has it:
// `requirements/multipath` has all of it, and the names of tests say which rule they hold.

const sides = ["client", "server"] as const;

function connected(options: PairOptions = {}): Pair {
  const pair = new Pair({ paths: 2, openPaths: false, ...options }).connect();
  pair.run({ until: pair.now + 500 });
  return pair;
}

/** A pair whose packets on path 0 are opened as they are sent. */
function tapped(options: PairOptions = {}): { pair: Pair; tap: WireTap } {
  const pair: Pair = new Pair({
    paths: 2,
    openPaths: false,
    serverTls: { keyLog: (line) => tap.keyLog(line) },
    ...options,
  });
  const tap = new WireTap(pair.world.network, (address) => address.port === 443);
  pair.connect();
  pair.run({ until: pair.now + 500 });
  return { pair, tap };
}

/** The kinds of frames that a path has under way. */
function kindsOnTheWay({ space: { sent } }: Path): number[] {
  const kinds: number[] = [];
  for (let number = sent.first; number < sent.next; number++) {
    const frames = sent.get(number)?.frames;
    for (let i = 0; i < (frames?.count ?? 0); i++) kinds.push(frames!.at(i).kind);
  }
  return kinds;
}

// MPQUIC, Section 3.1.
Deno.test("A path over a 4-tuple that is proven is open at once, and is what was asked for [MPQUIC 3.1 proven]", () => {
  const pair = connected({ paths: 1 });
  const { connection } = pair.client;
  const { port, remote } = connection.paths.find(0)!.current;
  const request = connection.openPath(port, remote, "backup", pair.now);
  assert.equal(request.path?.stage, Stage.Open);
  pair.client.touch();
  pair.run({ until: pair.now + 500 });
  const opened = pair.client.events.find((event) => event.type === "pathOpened");
  assert.ok(opened?.type === "pathOpened" && opened.request === request);
  assert.equal(pair.server.connection.paths.find(1)?.status, "backup");
  move(pair, 100_000);
});

Deno.test("A packet with an ID of an unused path opens that path, whatever its address [MPQUIC 3.1.2 open]", () => {
  const pair = connected({ paths: 1 });
  const attacker = new Attacker(pair, "client");
  const slot = pair.client.connection.paths.slot(2)!;
  const { port, remote } = pair.client.connection.paths.find(0)!.current;
  // The real client knows of it, so that it understands what comes back.
  pair.client.connection.paths.open(2, port, remote, pair.now);
  attacker.send(frame(PING), 2);
  assert.equal(slot.path!.id, 2);
  const paths = pair.server.connection.paths.paths.map((
    { id, readiness },
  ) => [id, readiness >= Readiness.Open]);
  assert.deepEqual(paths, [[0, true], [2, true]]);
  attacker.expectAlive();
});

Deno.test("A server sends no data on a path before the client has proven to be there [MPQUIC 3.1 no-data]", () => {
  const pair = connected();
  begin(pair, 5_000_000);
  pair.run({ until: pair.now + 200 });
  // Of what the client sends on path 1, nothing but the first challenge arrives.
  let count = 0;
  intercept(
    pair.links[1]!.upward,
    pair.world.network.events,
    () => count++ === 0 ? "pass" : "drop",
  );
  pair.openPaths();
  pair.run({ until: pair.now + 100 });
  assert.ok(
    pair.client.connection.paths.find(1)!.readiness >= Readiness.Open,
    "the server has answered",
  );
  const path = pair.server.connection.paths.find(1)!;
  assert.equal(path.stage, Stage.Opening);
  const attacker = new Attacker(pair, "client");
  attacker.send(frame(PATH_ABANDON, 0, 0), 1);
  // In the long run the client would take path 1 for one that carries small packets only.
  for (let i = 0; i < 50; i++) {
    assert.equal(path.stage, Stage.Opening);
    // There is more than enough credit, and probe timeouts pass.
    path.space.requestProbes();
    attacker.send(frame(PING, new Uint8Array(1_000)), 1);
    pair.run({ until: pair.now + 10 });
    assert.ok(!kindsOnTheWay(path).includes(STREAM), `at ${pair.now} ms`);
  }
  assert.ok(kindsOnTheWay(path).includes(PATH_CHALLENGE));
  assert.ok(path.current.bytesSent <= 3 * path.current.bytesReceived);
});

// RFC 9000, Section 8.2.1: three times a small packet is too little for it at first.
Deno.test("An address that was proven with a small challenge is tried with a full one [MPQUIC 3.1 full-size]", () => {
  for (const open of [false, true]) {
    const pair = connected({ openPaths: open });
    const attacker = new Attacker(pair, "client");
    const id = open ? 1 : 0;
    const port = pair.clientPorts[id]!;
    port.rebind({ hostname: "10.99.0.1" });
    const sizes: number[] = [];
    const { network } = pair.world;
    network.capture = (_time, event, _from, to, data) => {
      if (event === "send" && to.hostname === "10.99.0.1") sizes.push(data.length);
    };
    attacker.send(frame(PING), id, { port: id });
    pair.run({ until: pair.now + 15 });
    assert.ok(sizes.length > 0 && sizes.every((size) => size < 200), "no credit for more");
    const { current } = pair.server.connection.paths.find(id)!;
    pair.run({ until: pair.now + 1_000, when: () => current.validated });
    assert.equal(current.validation.sizeProven, false);
    assert.equal(current.validation.pending, true);
    // It is tried again and again, and what is lost meanwhile ends nothing.
    pair.links[id]!.downward.down();
    pair.run({ until: pair.now + 8_000 });
    assert.ok(current.mtu.doubtful && !current.validation.sizeProven, `path ${id}`);
    pair.links[id]!.downward.up();
    pair.run({ until: pair.now + 6_000, when: () => !current.mtu.doubtful });
    assert.ok(!current.mtu.doubtful && !current.mtu.tooNarrow, `path ${id}`);
    attacker.expectAlive();
  }
});

Deno.test("A path that cannot be validated uses up its ID, and is abandoned aloud [MPQUIC 3.1 failing] [MPQUIC 4.2 codes]", () => {
  const { pair, tap } = tapped();
  pair.links[1]!.downward.down();
  pair.openPaths();
  pair.run({ until: pair.now + 6_000 });
  for (const side of sides) {
    const abandoned = tap.sent(side).flatMap(({ frames }) =>
      frames.filter(([name]) => name === "onPathAbandon")
    );
    assert.ok(abandoned.length > 0, `the ${side} says so, on path 0`);
    for (const [, id, code] of abandoned) {
      assert.deepEqual([id, code], [1, ErrorCode.PathUnstableOrPoor]);
    }
  }
  pair.links[1]!.downward.up();
  pair.openPaths();
  pair.run({ until: pair.now + 500 });
  assert.deepEqual(pair.client.connection.paths.paths.map(({ id }) => id), [0, 2]);
});

Deno.test("A path that is refused is abandoned on another path, and costs nothing but its ID [MPQUIC 3.1 refused]", () => {
  const { pair, tap } = tapped({ config: { maxConcurrentPaths: 6 } });
  const { connection } = pair.client;
  const { port, remote } = connection.paths.find(0)!.current;
  for (let i = 0; i < 2; i++) connection.openPath(port, remote, "available", pair.now);
  pair.client.touch();
  pair.run({ until: pair.now + 2_000 });
  const refusals = tap.sent("server").flatMap(({ frames }) =>
    frames.filter(([name]) => name === "onPathAbandon")
  );
  assert.deepEqual(refusals[0], ["onPathAbandon", 2, ErrorCode.PathResourceLimitReached]);
  const live = connection.paths.paths.filter((path) => path.readiness >= Readiness.Opening);
  assert.deepEqual(live.map(({ id }) => id), [0, 1]);
  expectOpen(pair);
});

// MPQUIC, Section 4.2.
Deno.test("A server abandons a path for which it got no connection ID, and says that it is for that [MPQUIC 4.2 codes]", () => {
  const pair = connected();
  const attacker = new Attacker(pair, "client");
  const { paths } = pair.server.connection;
  // As if PATH_NEW_CONNECTION_ID had never come: all IDs of path 1 are gone.
  const entries = paths.slot(1)!.remote;
  Object.defineProperty(entries, "usable", { value: false });
  const path = pair.client.connection.paths.open(
    1,
    pair.clientPorts[1]!,
    pair.serverPorts[0]!.publicAddress,
    pair.now,
  );
  path.current.validation.stop(); // this client would wait for ever
  attacker.send(frame(PING), 1);
  assert.equal(paths.find(1)!.stage, Stage.Opening);
  pair.run({ until: pair.now + 5_000, when: () => pair.server.has("pathClosed") });
  const closed = pair.server.events.find((event) => event.type === "pathClosed");
  assert.ok(closed?.type === "pathClosed");
  assert.equal(closed.code, ErrorCode.NoCidAvailableForPath);
  attacker.expectAlive();
});

// MPQUIC, Section 3.2.
Deno.test("Both ends give IDs of each path both allow, numbered from 0 on each, without gaps [MPQUIC 3.2 path-0] [MPQUIC 3.2.1 no-gaps]", () => {
  const { tap } = tapped({ serverConfig: { maxConcurrentPaths: 3 } });
  for (const side of sides) {
    const seen = new Map<number, number[]>();
    for (const { frames } of tap.sent(side)) {
      for (const [name, ...values] of frames) {
        assert.notEqual(name, "onNewConnectionId", "path 0 has the frames of the others");
        if (name !== "onPathNewConnectionId") continue;
        const [pathId, sequence] = values as [number, number];
        seen.set(pathId, [...seen.get(pathId) ?? [], sequence]);
      }
    }
    assert.deepEqual([...seen.keys()].toSorted(), [0, 1, 2], side);
    assert.equal(seen.get(0)![0], 1, "number 0 is that of the handshake");
    for (const id of [1, 2]) assert.deepEqual(seen.get(id), [0, 1]);
  }
});

// MPQUIC, Section 3.3.
Deno.test("A backup that is needed is told to be available, until another path is well again [MPQUIC 3.3 needed]", () => {
  const pair = connected({ openPaths: true, statuses: ["available", "backup"] });
  const slots = [0, 1].map((id) => pair.server.connection.paths.slot(id)!);
  const heard = () => slots.map(({ status }) => status.remote);
  assert.deepEqual(heard(), ["available", "backup"]);
  pair.links[0]!.upward.down();
  pair.client.app.upload(300_000);
  pair.run({ until: pair.now + 1_000 });
  assert.deepEqual(heard(), ["backup", "available"]);
  pair.links[0]!.upward.up();
  pair.run({ until: pair.now + 2_500 });
  assert.deepEqual(heard(), ["available", "backup"]);
  expectOpen(pair);
});

// MPQUIC, Section 5.9: the idle timeout is the connection's.
Deno.test("A path may be idle for longer than the connection could, while another is not [MPQUIC 5.9 idle]", () => {
  const pair = connected({
    openPaths: true,
    statuses: ["available", "backup"],
    config: { maxIdleTimeout: 2_000 },
  });
  const received = () =>
    pair.server.connection.paths.paths.map(({ counters }) => counters.datagramsReceived);
  const [, before] = received();
  for (let i = 0; i < 12; i++) {
    move(pair, 5_000);
    pair.run({ until: pair.now + 1_000 });
  }
  assert.equal(received()[1], before, "nothing came on path 1 for 12 s");
  expectOpen(pair);
  for (const { connection } of [pair.client, pair.server]) {
    assert.equal(
      connection.paths.paths.filter(({ readiness }) => readiness >= Readiness.Open).length,
      2,
    );
  }
  pair.links[0]!.down();
  move(pair, 50_000);
});

// MPQUIC, Section 4: also before it is known whether there will be several paths.
Deno.test("Multipath frames in Initial packets are a violation even before the parameters are known [MPQUIC 4 packets]", () => {
  for (const [type, frames] of multipathFrames()) {
    // The ClientHello of this key exchange needs two datagrams; after the first the server is there.
    const pair = new Pair({ clientTls: { groups: [NamedGroup.X25519MlKem768] } });
    pair.start();
    pair.run({ when: () => pair.server.isConnected });
    assert.equal(pair.server.connection.peer.known, false);
    const attacker = new Attacker(pair, "client");
    attacker.sendLong(PacketType.Initial, frames);
    attacker.expectClose(ErrorCode.ProtocolViolation, nameOf(type));
  }
});

Deno.test("Multipath frames in 0-RTT packets are a violation [attack frames-in-0rtt] [MPQUIC 4 packets]", () => {
  for (const [type, frames] of multipathFrames()) {
    const { pair, sessions } = firstVisit();
    const visit = visitAgain(pair, { session: sessions[0]! });
    const readsEarly = () => visit.server?.keys.zeroRtt.read !== undefined;
    pair.run({ until: pair.now + 1_000, when: readsEarly });
    const { keys, paths } = visit.client;
    const builder = new PacketBuilder();
    builder.begin(new Uint8Array(1_452), 1_452);
    builder.startLong(
      PacketType.ZeroRtt,
      1,
      paths.slot(0)!.remote.current,
      visit.server!.handshake.ids.peerSource!,
      new Uint8Array(0),
      paths.find(0)!.space.nextNumber,
      4,
      keys.zeroRtt.write!,
    );
    frames(builder.writer);
    const size = builder.endDatagram();
    const from = pair.clientPorts[0]!.publicAddress;
    const datagram = builder.writer.bytes.slice(0, size);
    pair.server.endpoint.receive(datagram, pair.serverPorts[0]!, from, pair.now);
    const { reason } = visit.server!.closing;
    assert.equal(reason?.code, ErrorCode.ProtocolViolation, `${nameOf(type)}: ${reason?.reason}`);
    assert.equal(reason?.by, "local");
  }
});

function multipathFrames(): [number, Frames][] {
  const long: number[] = [
    PATH_ABANDON,
    PATH_STATUS_BACKUP,
    PATH_STATUS_AVAILABLE,
    PATH_RETIRE_CONNECTION_ID,
    PATH_CIDS_BLOCKED,
  ];
  return [
    [PATH_ACK, frame(PATH_ACK, 0, 0, 0, 0, 0)],
    [PATH_ACK_ECN, frame(PATH_ACK_ECN, 0, 0, 0, 0, 0, 1, 0, 0)],
    ...long.map((type): [number, Frames] => [type, frame(type, 0, 0)]),
    [PATH_NEW_CONNECTION_ID, newId(0, 5, 0, new Uint8Array(8).fill(5))],
    [MAX_PATH_ID, frame(MAX_PATH_ID, 9)],
    [PATHS_BLOCKED, frame(PATHS_BLOCKED, 0)],
  ];
}
