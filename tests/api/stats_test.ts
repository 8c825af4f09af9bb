import assert from "node:assert/strict";
import type { ConnectionPaths } from "../../src/api/connection_paths.ts";
import { connectionStats, Traffic } from "../../src/api/stats/connection_stats.ts";
import type { ApiPath } from "../../src/api/path/path.ts";
import type { PathStats } from "../../src/api/stats/path_stats.ts";
import { Stage } from "../../src/path/health/lifecycle.ts";
import type { Path as CorePath } from "../../src/path/path.ts";
import { PathCounters } from "../../src/recovery/path_counters.ts";
import { linkOf, Pair } from "../sim/pair.ts";
import { pathsOf } from "./sim_paths.ts";

const COUNTERS = [
  "bytesSent",
  "bytesReceived",
  "datagramsSent",
  "datagramsReceived",
  "packetsSent",
  "packetsReceived",
  "packetsLost",
  "packetsSpuriouslyLost",
] as const;

/** Whether so many uploads have come whole. */
function hasUploads(pair: Pair, count: number): boolean {
  const uploads = [...pair.server.app.uploads.values()];
  return uploads.filter(({ isDone }) => isDone).length === count;
}

/** Downloads over two lossy paths. */
function begun(seed: number): { pair: Pair; paths: ConnectionPaths } {
  const links = [linkOf(10, 40, { loss: 0.02 }), linkOf(10, 60, { loss: 0.02, jitter: 30 })];
  const pair = new Pair({ links, seed });
  pair.start();
  const paths = pathsOf(pair.client, () => pair.now);
  const transfer = pair.client.app.download(1_000_000);
  pair.client.app.upload(1_000_000);
  pair.run({ until: 60_000, when: () => transfer.isDone && hasUploads(pair, 1) });
  assert.ok(transfer.isDone && hasUploads(pair, 1));
  return { pair, paths };
}

function expectMonotonic(before: PathStats, after: PathStats): void {
  for (const counter of COUNTERS) assert.ok(after[counter] >= before[counter], counter);
}

Deno.test("Path.stats counts what the network carried", () => {
  const pair = new Pair({ links: [linkOf(10, 40, { loss: 0.02 })], seed: 4 });
  const seen = { sent: 0, sentBytes: 0, delivered: 0, deliveredBytes: 0 };
  pair.world.network.capture = (_time, event, from, to, data) => {
    if (event === "send" && from.hostname === "10.0.0.1") {
      seen.sent++;
      seen.sentBytes += data.length;
    } else if (event === "deliver" && to.hostname === "10.0.0.1") {
      seen.delivered++;
      seen.deliveredBytes += data.length;
    }
  };
  pair.start();
  const paths = pathsOf(pair.client, () => pair.now);
  const transfer = pair.client.app.download(300_000);
  pair.run({ until: 60_000, when: () => transfer.isDone });
  const { stats } = paths.open[0]!;
  assert.equal(stats.datagramsSent, seen.sent);
  assert.equal(stats.bytesSent, seen.sentBytes);
  assert.equal(stats.datagramsReceived, seen.delivered);
  assert.equal(stats.bytesReceived, seen.deliveredBytes);
  assert.ok(stats.packetsSent >= stats.datagramsSent, "a datagram may hold several packets");
  assert.ok(stats.minRtt >= 40 && stats.smoothedRtt >= stats.minRtt && stats.latestRtt >= 40);
  assert.deepEqual([stats.ecn, stats.congestionMarks], ["not supported", 0]);
  assert.ok(stats.deliveryRate > 0 || stats.packetsSent < 10);
  assert.deepEqual(stats.localAddr, { transport: "udp", hostname: "10.0.0.1", port: 50_000 });
  assert.deepEqual([stats.id, stats.status, stats.health], [0, "available", "ok"]);
  assert.ok(stats.openedAt! > 40 && stats.openedAt! < 300);
  assert.equal(stats.closedAt, undefined);
});

Deno.test("Path.stats stays readable and complete when the path is closed", () => {
  const { pair, paths } = begun(7);
  const path = paths.open[1]! as ApiPath;
  const before = path.stats;
  for (const counter of COUNTERS.slice(0, 7)) assert.ok(before[counter] > 0, counter);
  const closedAt = pair.now;
  path.close();
  pair.run({ until: pair.now + 10_000 });
  const after = path.stats;
  expectMonotonic(before, after);
  assert.equal(after.closedAt, closedAt);
  assert.equal(after.bytesInFlight, 0);
  assert.equal(after.openedAt, before.openedAt);
  assert.equal(after.localAddr.hostname, "10.0.1.1");
  assert.equal(after.minRtt, before.minRtt);
  assert.deepEqual(path.stats, after);
});

Deno.test("Path.stats goes on counting when the path moves to another address", () => {
  const pair = new Pair({ seed: 3 });
  pair.connect();
  const paths = pathsOf(pair.server, () => pair.now);
  paths.onHandshakeCompleted();
  const path = paths.open[0]!;
  pair.client.app.upload(200_000);
  pair.run({ until: 30_000, when: () => hasUploads(pair, 1) });
  const before = path.stats;
  const port = pair.clientPorts[0]!;
  pair.world.network.publish(port, { ...port.publicAddress, port: 60_001 });
  pair.client.app.upload(200_000);
  pair.run({ until: 60_000, when: () => hasUploads(pair, 2) });
  const after = path.stats;
  assert.equal(after.remoteAddr.port, 60_001);
  expectMonotonic(before, after);
  assert.ok(after.bytesReceived > before.bytesReceived + 200_000);
});

Deno.test("ConnectionStats sums over all paths, those too that are gone", () => {
  const { pair, paths } = begun(9);
  const { connection } = pair.client;
  const both = paths.open.map(({ stats }) => stats);
  const sum = (field: "bytesSent" | "packetsReceived") => both[0]![field] + both[1]![field];
  const before = connectionStats(connection, paths.traffic, 90);
  assert.equal(before.bytesSent, sum("bytesSent"));
  assert.equal(before.packetsReceived, sum("packetsReceived"));
  assert.equal(before.pathsOpened, 2);
  assert.deepEqual([before.version, before.handshakeTime, before.keyUpdates], [1, 90, 0]);
  assert.match(before.cipherSuite!, /^TLS_/);
  paths.open[1]!.close();
  pair.run({ until: pair.now + 20_000 });
  assert.equal(connection.paths.paths.length, 1, "the core has forgotten it");
  const after = connectionStats(connection, paths.traffic, 90);
  assert.ok(after.bytesSent >= before.bytesSent && after.packetsSent >= before.packetsSent);
  const again = connectionStats(connection, paths.traffic, 90);
  assert.deepEqual(again, after, "nothing is counted twice");
});

Deno.test("Traffic counts each path once, however often it is told of it", () => {
  const traffic = new Traffic();
  const counters = new PathCounters();
  counters.packetsSent = 5;
  const path = { stage: Stage.Open as Stage, counters };
  traffic.add(path as CorePath);
  counters.packetsSent = 7;
  assert.equal(traffic.total.packetsSent, 7);
  path.stage = Stage.Closed;
  assert.equal(traffic.total.packetsSent, 7);
  traffic.add(path as CorePath);
  assert.equal(traffic.total.packetsSent, 7);
});
