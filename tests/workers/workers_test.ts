import assert from "node:assert/strict";
import {
  dial,
  fetch,
  type MultipathConnection,
  serveWorkers,
  type WorkerServer,
} from "../../mod.ts";
import type { ConnectOptions, SavedSession, ServeWorkersOptions } from "../../mod.ts";
import { nativeTest } from "../io/native/tier.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { isPayload } from "./payload.ts";

const module = new URL("./worker.ts", import.meta.url);
const SIZE = 100_000;

function serve(options: Partial<ServeWorkersOptions> = {}): Promise<WorkerServer> {
  return serveWorkers({
    port: 0,
    handshakeTimeout: 60_000,
    cert,
    key,
    workers: 3,
    module,
    ...options,
  });
}

/** Connects with two paths, from addresses of their own. */
function connect(
  server: WorkerServer,
  number: number,
  more: Partial<ConnectOptions> = {},
): Promise<MultipathConnection> {
  const host = 1 + number % 200;
  return dial({
    hostname: "127.0.0.1",
    port: server.addr.port,
    serverName: "localhost",
    alpnProtocols: ["h3"],
    caCerts: [cert],
    localAddresses: [`127.1.0.${host}`, `127.2.0.${host}`],
    maxIdleTimeout: 60_000,
    handshakeTimeout: 60_000,
    ...more,
  });
}

function ask(connection: MultipathConnection, path: string): Promise<Response> {
  const { hostname, port } = connection.remoteAddr;
  return fetch(`https://${hostname}:${port}${path}`, { connection });
}

/** The worker of a connection. */
async function workerOf(connection: MultipathConnection): Promise<string> {
  return await (await ask(connection, "/")).text();
}

/** Transfers bytes, and looks at each. */
async function transfer(connection: MultipathConnection): Promise<string> {
  const response = await ask(connection, `/bytes/${SIZE}`);
  const bytes = await response.bytes();
  assert.ok(isPayload(bytes, SIZE), "every byte is right");
  return response.headers.get("name")!;
}

/** Waits until something is so, half a minute at most. */
async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; !condition();) {
    assert.ok(performance.now() < end, "waited for half a minute");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function group(workers: readonly string[]): Map<string, number[]> {
  return Map.groupBy(workers.keys(), (i) => workers[i]!);
}

nativeTest("Each worker keeps its connections while others die and are replaced", async () => {
  const deaths: string[] = [];
  await using server = await serve({ onWorkerError: (message) => deaths.push(message) });
  const connections = await Promise.all(Array.from({ length: 18 }, (_, i) => connect(server, i)));
  await until(() => connections.every(({ paths }) => paths.length === 2));
  const workers = await Promise.all(connections.map(workerOf));
  const groups = group(workers);
  assert.equal(groups.size, 3, "all workers have clients");
  assert.deepEqual(await Promise.all(connections.map(transfer)), workers, "and keep them");
  for (const { paths } of connections) {
    assert.ok(paths.every(({ stats }) => stats.bytesReceived > 0), "both paths carry data");
  }

  await until(() => server.stats?.connections.held === connections.length);
  assert.deepEqual(server.stats!.strays, { handedOn: 0, dropped: 0 }, "none met a wrong worker");

  const [victim] = groups.keys() as IterableIterator<string>;
  const victims = groups.get(victim!)!;
  const others = [...connections.keys()].filter((i) => !victims.includes(i));
  const transfers = others.map((i) => transfer(connections[i]!));
  await ask(connections[victims[0]!]!, "/die").catch(() => {});
  await until(() => deaths.length === 1);
  assert.match(deaths[0]!, /told to die/);
  assert.deepEqual(await Promise.all(transfers), others.map((i) => workers[i]));
  // Clients of the dead worker learn of it from what they send next.
  const lost = victims.map((i) => ask(connections[i]!, "/").catch(() => "lost"));
  assert.deepEqual(await Promise.all(lost), victims.map(() => "lost"));
  const again = await Promise.all(victims.map((i) => connect(server, i)));
  assert.ok(!(await Promise.all(again.map(workerOf))).includes(victim!));

  const running = others.map((i) => transfer(connections[i]!));
  await server.replaceWorkers();
  assert.deepEqual(await Promise.all(running), others.map((i) => workers[i]));
  const fresh = await Promise.all(Array.from({ length: 8 }, (_, i) => connect(server, i)));
  const successors = await Promise.all(fresh.map(workerOf));
  assert.ok(
    successors.every((worker) => !workers.includes(worker)),
    "new clients meet new workers",
  );

  for (const connection of [...connections, ...again, ...fresh]) connection.close();
});

nativeTest(
  "Any worker resumes the sessions of the others, and reads their 0-RTT data",
  async () => {
    await using server = await serve({ earlyData: true, workers: 2 });
    const sessions: SavedSession[] = [];
    const first = await connect(server, 0, { onSession: (session) => sessions.push(session) });
    const giver = await workerOf(first);
    await until(() => sessions.length > 0);
    first.close();
    const seen = new Set<string>();
    // Which worker a client meets depends on its port.
    for (let i = 0; seen.size < 2 && i < 60; i++) {
      const session = sessions.pop();
      const onSession = (next: SavedSession) => sessions.push(next);
      const again = await connect(server, 0, { session, earlyData: true, onSession });
      const response = await ask(again, "/");
      assert.equal(response.headers.get("early"), "true");
      seen.add(await response.text());
      await until(() => sessions.length > 0);
      again.close();
    }
    assert.equal(seen.size, 2, "both workers");
    assert.ok(seen.has(giver));
  },
);

nativeTest("Limits hold for each worker: two take twice as many connections", async () => {
  const limit = { perConnection: 1, perAddress: 100, perNetwork: 100 };
  await using server = await serve({
    workers: 2,
    limits: { connections: { ...limit, total: 4 } },
  });
  // An answer without an end keeps its connection from giving way to others.
  const held: MultipathConnection[] = [];
  let refused = 0;
  for (let i = 0; i < 60 && (held.length < 8 || refused === 0); i++) {
    try {
      const connection = await connect(server, i, { localAddresses: [`127.1.0.${1 + i}`] });
      held.push(connection);
      assert.ok((await ask(connection, "/endless")).body);
    } catch (error) {
      assert.match(`${error}`, /refused/i);
      refused++;
    }
  }
  assert.equal(held.length, 8, "four each");
  assert.ok(refused > 0, "and no more");
  await until(() => server.stats?.connections.held === 8);
  server.close();
});

Deno.test("serveWorkers() refuses what workers cannot be given, with a reason", async () => {
  const backup = () => ({ assignments: [] });
  await assert.rejects(
    serve({ scheduler: backup } as unknown as Partial<ServeWorkersOptions>),
    /Cannot give scheduler to workers: a function stays in its thread; give it to serveInWorker/,
  );
  await assert.rejects(serve({ workers: 17 }), /Cannot start 17 workers: .* from 1 to 16/);
  await assert.rejects(serve({ workers: 0 }), /Cannot start 0 workers/);
  await assert.rejects(serve({ data: "fail" }), /no folder to serve/);
  let port = 0;
  const onListen = (address: { port: number }) => {
    port = address.port;
    throw new RangeError("no place to write to");
  };
  await assert.rejects(serve({ workers: 1, localAddresses: ["127.0.0.1"], onListen }), RangeError);
  Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port }).close();
});

Deno.test("One worker serves alone where sockets cannot be shared, and nothing else differs", async () => {
  await using server = await serve({ native: "off", localAddresses: ["127.0.0.1"], data: "all" });
  assert.ok(server.isAlone);
  const connection = await connect(server, 1);
  assert.equal(await transfer(connection), await workerOf(connection));
  assert.equal(await (await ask(connection, "/data")).json(), "all");
  await assert.rejects(server.replaceWorkers(), /Cannot replace the worker: it is alone/);
  await ask(connection, "/die").catch(() => {});
  // Its successor has the same port.
  const next = await connect(server, 2);
  assert.equal((await transfer(next)).length, 36);
  connection.close();
  next.close();
});
