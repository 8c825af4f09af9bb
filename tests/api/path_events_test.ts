import assert from "node:assert/strict";
import type { PathEvent } from "../../src/api/path/path_events.ts";
import { ErrorCode } from "../../src/error/error_code.ts";
import { MAX_PATH_EVENTS_WAITING } from "../../src/limits/limits.ts";
import { linkOf, Pair, type PairOptions } from "../sim/pair.ts";
import { dialHere, listenHere } from "./loopback.ts";
import { pathsOf } from "./sim_paths.ts";

/** All that can be read at once. */
async function readNow(reader: ReadableStreamDefaultReader<PathEvent>): Promise<PathEvent[]> {
  const events: PathEvent[] = [];
  const nothing = Symbol("nothing");
  for (;;) {
    const turn = new Promise<typeof nothing>((resolve) => setTimeout(resolve, 0, nothing));
    pending ??= reader.read();
    const next = await Promise.race([pending, turn]);
    if (next === nothing) return events;
    pending = undefined;
    if (next.done) return events;
    events.push(next.value);
  }
}

let pending: Promise<ReadableStreamReadResult<PathEvent>> | undefined;

function told({ type, stats, closeInfo }: PathEvent): string {
  const { id, status, health, localAddr, remoteAddr } = stats;
  const detail = {
    opened: status,
    health,
    status,
    moved: `${localAddr.hostname}:${localAddr.port} ${remoteAddr.hostname}:${remoteAddr.port}`,
    observed: stats.observedAddr?.hostname,
    closed: `${closeInfo?.closeCode} ${closeInfo?.by}`,
    failed: `${closeInfo?.closeCode} ${closeInfo?.by}`,
  }[type];
  return `${type} ${id} ${detail}`;
}

function begun(options: PairOptions = {}) {
  pending = undefined;
  const pair = new Pair({ links: [linkOf(10, 40), linkOf(10, 40)], openPaths: false, ...options });
  pair.start();
  const client = pathsOf(pair.client, () => pair.now);
  pair.run({ until: 500 });
  const server = pathsOf(pair.server, () => pair.now);
  server.onHandshakeCompleted();
  return { pair, client, server };
}

Deno.test("MultipathConnection.pathEvents tells how its paths fare, from opened to closed [scenario quality]", async () => {
  const { pair, client } = begun();
  pair.clientPorts[1]!.rebind({ hostname: "10.99.0.1" });
  const reader = client.events.getReader();
  pair.openPaths();
  pair.run({ until: 1_000 });
  const first = await readNow(reader);
  assert.deepEqual(first.map(told), [
    "opened 0 available",
    "opened 1 available",
    "observed 1 10.99.0.1",
  ]);
  assert.ok(first[0]!.time < 100 && first[1]!.time > 500, "when it happened, not when it was read");

  pair.links[1]!.down();
  pair.client.app.upload(200_000);
  pair.run({ until: 2_000 });
  pair.links[1]!.up();
  pair.run({ until: 5_000 });
  const second = (await readNow(reader)).map(told);
  assert.ok(second.includes("health 1 suspect"), `${second}`);
  assert.equal(second.filter((text) => text.startsWith("health")).at(-1), "health 1 ok");

  pair.server.connection.paths.slot(1)!.status.set("backup");
  pair.server.touch();
  pair.run({ until: 6_000 });
  const path = pair.server.connection.paths.find(1)!;
  pair.server.connection.closePath(path, ErrorCode.PathResourceLimitReached, pair.now);
  pair.run({ until: 7_000 });
  const third = await readNow(reader);
  assert.deepEqual(third.map(told), [
    "status 1 backup",
    `closed 1 ${ErrorCode.PathResourceLimitReached} peer`,
  ]);
  const last = third.at(-1)!;
  assert.ok(last.stats.packetsSent > 10 && last.stats.closedAt === last.time);
  assert.equal(last.path.id, 1);
  assert.ok(last.path.stats.packetsSent >= last.stats.packetsSent, "and it stays readable");
  const sequences = [...first, ...third].map(({ sequence }) => sequence);
  assert.equal(sequences[0], 0);
  assert.ok(sequences.every((number, i) => i === 0 || number > sequences[i - 1]!));
});

Deno.test("MultipathConnection.pathEvents tells of moves at both ends, and of paths that fail", async () => {
  const { pair, client, server } = begun();
  const events: PathEvent[] = [];
  (async () => {
    for await (const event of server.events) events.push(event);
  })();
  pair.clientPorts[0]!.rebind({ hostname: "10.88.0.1", port: 9_999 });
  pair.client.app.upload(10_000);
  pair.run({ until: 1_500 });
  const reader = client.events.getReader();
  pair.links[1]!.downward.down();
  pair.openPaths();
  pair.run({ until: 6_000 });
  const failed = (await readNow(reader)).map(told);
  assert.deepEqual(failed, [
    "opened 0 available",
    `failed 1 ${ErrorCode.PathUnstableOrPoor} local`,
  ]);
  const texts = events.map(told);
  assert.ok(texts.includes("moved 0 10.0.0.2:443 10.88.0.1:9999"), `${texts}`);
  assert.ok(texts.some((text) => text.startsWith("failed 1 ")), `${texts}`);
});

Deno.test("MultipathConnection.pathEvents ends with the connection, and loses nothing that was not read", async () => {
  const { pair, client } = begun();
  const stream = client.events;
  assert.equal(stream, client.events, "it is one stream");
  pair.openPaths();
  pair.run({ until: 1_000 });
  pair.client.connection.close(0, "", pair.now);
  pair.client.touch();
  pair.run({ until: 2_000 });
  const texts: string[] = [];
  for await (const event of stream) texts.push(told(event));
  assert.deepEqual(texts.filter((text) => !text.startsWith("observed")), [
    "opened 0 available",
    "opened 1 available",
    "closed 0 0 local",
    "closed 1 0 local",
  ]);
});

Deno.test("MultipathConnection.pathEvents keeps a limited number, and numbers show what is missing", async () => {
  const { pair, client } = begun();
  pair.openPaths();
  pair.run({ until: 1_000 });
  const path = pair.client.connection.paths.find(1)!;
  const flip = (times: number) => {
    for (let i = 0; i < times; i++) client.onEvent({ type: "pathStatus", path });
  };
  flip(100); // no reader: nothing is kept
  const reader = client.events.getReader();
  flip(10_000);
  const events = await readNow(reader);
  assert.equal(events.length, MAX_PATH_EVENTS_WAITING);
  assert.equal(events.at(-1)!.sequence, 10_001, "two paths were open, and this is the newest");
  assert.equal(events[0]!.sequence, 10_002 - MAX_PATH_EVENTS_WAITING);
  await reader.cancel();
  flip(10);
});

Deno.test("MultipathConnection.pathEvents works over sockets", async () => {
  await using listener = listenHere();
  const [client, server] = await Promise.all([
    dialHere(listener, { localAddresses: ["127.0.0.1"] }),
    listener.accept(),
  ]);
  const path = await client.openPath();
  const serverEvents: string[] = [];
  const reading = (async () => {
    for await (const event of server.pathEvents) serverEvents.push(told(event));
  })();
  const heard = async (event: string) => {
    while (!serverEvents.some((text) => text.startsWith(event))) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  // A path that is closed before the server has heard of it never was there.
  await heard("opened 1");
  path.close();
  const info = await path.closed;
  assert.deepEqual(info, { closeCode: ErrorCode.ApplicationAbandonPath, by: "local" });
  await heard("closed 1");
  client.close();
  await reading;
  const closed = serverEvents.filter((text) => text.startsWith("closed"));
  assert.deepEqual(closed, [
    `closed 1 ${ErrorCode.ApplicationAbandonPath} peer`,
    "closed 0 0 peer",
  ]);
  await client.closed;
});
