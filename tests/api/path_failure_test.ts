import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import type { ConnectionPaths } from "../../src/api/connection_paths.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { moveObstacle } from "../../src/connection/path_obstacle.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { PathError } from "../../src/error/quic_error.ts";
import type { Path } from "../../src/path/path.ts";
import { RemoteIds } from "../../src/path/id/remote_ids.ts";
import { TestIssuer } from "../path/fakes.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { pathsOf } from "./sim_paths.ts";

/** A pair, what its client sees of the paths, and a way to let time pass. */
function begin(options: PairOptions = {}) {
  const pair = new Pair({ links: [linkOf(10, 40), linkOf(10, 40)], openPaths: false, ...options });
  pair.start();
  const paths = pathsOf(pair.client, () => pair.now);
  let next = 40_000;
  paths.portFor = () => pair.client.host.open("10.77.0.1", next++, pair.links[1]);
  return { pair, paths, wait: (time: number) => pair.run({ until: pair.now + time }) };
}

/** The sentence by which moving the first path is refused. */
async function moving(paths: ConnectionPaths, more = {}): Promise<string> {
  try {
    await paths.open[0]!.migrate(more);
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
  return "moved";
}

function opening(paths: ConnectionPaths, pair: Pair): Promise<string> {
  const { hostname, port } = pair.serverPorts[0]!.publicAddress;
  const opened = paths.request({ transport: "udp", hostname, port }, {});
  return opened.then(() => "opened", (error) => (error as Error).message);
}

Deno.test("Path.migrate() tells which of its conditions is missing", async () => {
  const early = begin();
  early.pair.run({ when: () => early.pair.client.has("handshakeCompleted") });
  assert.match(await moving(early.paths), /^Cannot move path 0: .*has not confirmed the handshake/);

  const forbidding = begin({ serverConfig: { disableActiveMigration: true } });
  forbidding.wait(1_000);
  assert.match(await moving(forbidding.paths), /path 0: the server wants no path to the address/);

  const used = begin();
  used.wait(1_000);
  used.pair.links[1]!.upward.down();
  const attempts: Promise<string>[] = [];
  for (let i = 0; i < 8; i++) attempts.push(moving(used.paths));
  assert.match(await attempts.at(-1)!, /path 0: every connection ID .* is used up/);
  used.wait(20_000);
  assert.ok(
    (await Promise.all(attempts)).some((why) => /the server does not answer there/.test(why)),
  );

  const served = begin();
  served.wait(1_000);
  const server = pathsOf(served.pair.server, () => served.pair.now);
  server.onHandshakeCompleted();
  await assert.rejects(server.open[0]!.migrate(), {
    name: "TypeError",
    message: "Cannot move path 0: only the client of a connection can",
  });

  const [path] = served.paths.open;
  served.pair.client.connection.close(0, "", served.pair.now);
  assert.match(await moving(served.paths), /path 0: the connection is closed/);
  served.wait(100);
  await assert.rejects(path!.migrate(), /path 0: it is closed/);
});

Deno.test("Path.migrate() opens no socket for a move that cannot be", async () => {
  const { paths, wait } = begin({ serverConfig: { disableActiveMigration: true } });
  wait(1_000);
  paths.portFor = () => assert.fail("a socket is opened");
  assert.match(await moving(paths), /disable_active_migration/);
});

Deno.test("moveObstacle() tells an empty connection ID from one without others", () => {
  const connection = {
    role: "client",
    closing: { open: true },
    handshake: { confirmed: true },
    peer: { forbids: () => false },
  } as unknown as Connection;
  const obstacleOf = (ids: RemoteIds, state: Partial<Path> = { readiness: Readiness.Open }) =>
    moveObstacle(
      connection,
      { slot: { remote: ids }, route: {}, ...state } as unknown as Path,
      { transport: "udp", hostname: "192.0.2.1", port: 1 },
    );
  const empty = new RemoteIds(0, 4, new TestIssuer());
  empty.adopt(new Uint8Array(0));
  assert.equal(obstacleOf(empty), "emptyId");
  const only = new RemoteIds(0, 4, new TestIssuer());
  only.adopt(new Uint8Array(8));
  assert.equal(obstacleOf(only), "noOtherId");
  only.onNew(1, 0, new Uint8Array(8).fill(1), new Uint8Array(16));
  assert.equal(obstacleOf(only), undefined);
  only.rotate();
  assert.equal(obstacleOf(only), "usedIds");
  assert.equal(obstacleOf(only, { readiness: Readiness.Opening, stage: 0 }), "unopened");
  assert.equal(obstacleOf(only, { readiness: Readiness.Ended, stage: 2 }), "closed");
});

Deno.test("Opening a path tells whether the server uses one only, forbids it, or is silent", async () => {
  // Asked for before and after the handshake.
  for (const wait of [0, 1_000]) {
    const single = begin({ serverConfig: { maxConcurrentPaths: 1 } });
    single.wait(wait);
    const one = opening(single.paths, single.pair);
    single.wait(2_000);
    assert.equal(await one, "Cannot open a path: the server uses one path only");

    const forbidding = begin({ serverConfig: { disableActiveMigration: true } });
    forbidding.wait(wait);
    const none = opening(forbidding.paths, forbidding.pair);
    forbidding.wait(2_000);
    assert.match(await none, /^Cannot open a path: .*\(disable_active_migration\)$/);
  }
  const silent = begin();
  silent.wait(1_000);
  silent.pair.links[1]!.upward.down();
  const unheard = opening(silent.paths, silent.pair);
  silent.wait(30_000);
  assert.equal(await unheard, "Cannot open a path: nothing answers there");

  const refused = begin();
  refused.wait(1_000);
  const wanted = opening(refused.paths, refused.pair);
  const { connection } = refused.pair.server;
  const slot = connection.paths.slot(1)!;
  connection.paths.abandon(slot, ErrorCode.PathResourceLimitReached, refused.pair.now);
  refused.wait(2_000);
  assert.equal(
    await wanted,
    "Cannot open a path: the server refused it with PathResourceLimitReached",
  );
});

Deno.test("Path.close() tells whether there is no other path, or none that was answered on", async () => {
  const { pair, paths, wait } = begin();
  wait(1_000);
  const close = () => paths.open[0]!.close();
  assert.throws(close, /path 0: it is the only one; close the connection instead/);
  pair.links[1]!.upward.down();
  const second = opening(paths, pair);
  wait(50);
  assert.throws(close, /path 0: no other path has been answered on yet/);
  wait(30_000);
  assert.match(await second, /nothing answers there/);
});

Deno.test("A stream bound to a path is told whether that is closed or of another connection", async () => {
  const one = begin();
  const other = begin({ seed: 2 });
  one.wait(1_000);
  other.wait(1_000);
  const [path] = one.paths.open;
  assert.throws(() => other.paths.corePath(path!), (error) => {
    return error instanceof PathError && /of another connection$/.test(error.message);
  });
  const second = opening(one.paths, one.pair);
  one.wait(1_000);
  assert.equal(await second, "opened");
  path!.close();
  one.wait(5_000);
  assert.throws(() => one.paths.corePath(path!), /^PathError: .*path 0: it is closed$/);
});
