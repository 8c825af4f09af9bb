import assert from "node:assert/strict";
import { fetch, type MultipathConnection, serveWorkers, type WorkerServer } from "../../mod.ts";
import { RestartPause } from "../../src/api/restart_pause.ts";
import { nativeTest } from "../io/native/tier.ts";
import { cert, key } from "../http3/deno_quic.ts";
import { UdpRelay } from "../netns/udp_relay.ts";
import { dialServer } from "./dial_server.ts";

const module = new URL("./worker.ts", import.meta.url);

Deno.test("RestartPause doubles while workers die of their start, up to ten seconds", () => {
  const pause = new RestartPause();
  const early = Array.from({ length: 10 }, () => pause.after(1, 20));
  assert.deepEqual(early, [0, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
  assert.equal(pause.after(2, 20), 0, "others have nothing to do with it");
  assert.equal(pause.after(1, 60_000), 0, "this one did not die of its start");
  assert.equal(pause.after(1, 20), 100);
});

function serve(workers: number, deaths: string[], data?: unknown): Promise<WorkerServer> {
  return serveWorkers({
    port: 0,
    localAddresses: ["127.0.0.1"],
    handshakeTimeout: 60_000,
    cert,
    key,
    workers,
    module,
    data,
    onWorkerError: (message) => deaths.push(message),
  });
}

function connect(
  server: WorkerServer,
  number: number,
  handshakeTimeout = 60_000,
  port = server.addr.port,
): Promise<MultipathConnection> {
  return dialServer(port, `127.1.0.${1 + number % 200}`, {
    maxIdleTimeout: 120_000,
    handshakeTimeout,
    // What a client sends has its worker's successor reset the connection.
    keepAliveInterval: 500,
  });
}

/** Connects while workers die, one of which may take a handshake along. */
async function connectInTime(server: WorkerServer, number: number): Promise<MultipathConnection> {
  for (let attempt = 1;; attempt++) {
    try {
      return await connect(server, number, 5_000);
    } catch (error) {
      if (attempt === 8) throw error;
    }
  }
}

function ask(connection: MultipathConnection, path = "/"): Promise<Response> {
  const { hostname, port } = connection.remoteAddr;
  return fetch(`https://${hostname}:${port}${path}`, { connection });
}

async function until(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !condition();) {
    assert.ok(performance.now() < end, "waited for a minute");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

nativeTest("The clients of a worker that dies while it finishes are told", async () => {
  const deaths: string[] = [];
  await using server = await serve(1, deaths);
  const [one, two] = [await connect(server, 1), await connect(server, 2)];
  const [last, other] = [await ask(one, "/deadly"), await ask(two, "/deadly")];
  const old = await (await ask(two)).text();
  await server.replaceWorkers();
  const fresh = await connect(server, 3);
  const successor = await (await ask(fresh)).text();
  assert.notEqual(successor, old);
  assert.equal(deaths.length, 0);

  const lost = Promise.allSettled([one.closed, two.closed]);
  await last.body!.cancel();
  await until(() => deaths.length > 0);
  const reasons = (await lost).map((result) => `${(result as PromiseRejectedResult).reason}`);
  for (const reason of reasons) assert.match(reason, /the peer forgot the connection/);
  await other.body?.cancel().catch(() => {});
  assert.deepEqual(deaths, ["Uncaught Error: told to die"]);
  assert.equal(await (await ask(fresh)).text(), successor, "others know nothing of it");
  // Its place can be had again.
  await server.replaceWorkers();
  const next = await connect(server, 4);
  assert.ok(![old, successor].includes(await (await ask(next)).text()));
  for (const connection of [fresh, next]) connection.close();
});

nativeTest("A client that missed the end of its worker is told by another one", async () => {
  await using server = await serve(2, []);
  using relay = new UdpRelay({ hostname: "127.0.0.1", port: server.addr.port });
  const connection = await connect(server, 1, 60_000, relay.port);
  await ask(connection);
  const lost = assert.rejects(connection.closed, /the peer forgot the connection/);
  relay.isDeaf = true;
  await server.replaceWorkers();
  // What the client sends meets another worker as soon as its own is gone.
  await until(() => (server.stats?.strays.handedOn ?? 0) > 0);
  relay.isDeaf = false;
  await lost;
});

for (const illness of ["start"]) {
  nativeTest(
    `A worker that dies at each start (${illness}) gets its time, and others go on`,
    async () => {
      const file = Deno.makeTempFileSync();
      const deaths: string[] = [];
      await using server = await serve(2, deaths, { file, victim: "worker 0" });
      const connections = await Promise.all(
        Array.from({ length: 12 }, (_, i) => connect(server, i)),
      );
      const names = await Promise.all(connections.map(async (each) => (await ask(each)).text()));
      assert.equal(new Set(names).size, 2);
      Deno.writeTextFileSync(file, illness);
      // One of both is worker 0, whose successors are ill. If it was the other, that one is replaced.
      for (const name of new Set(names)) {
        await ask(connections[names.indexOf(name)]!, "/die").catch(() => {});
        await until(() => deaths.length > 0);
        if (deaths.some((message) => / is started again in /.test(message))) break;
      }
      const startedAt = performance.now();
      await until(() => deaths.some((message) => message.endsWith("is started again in 0.4 s")));
      assert.ok(performance.now() - startedAt > 250, "it waits longer and longer");
      const [known, knownAt] = [deaths.length, performance.now()];
      const guests = await Promise.all(
        [30, 31, 32, 33].map((number) => connectInTime(server, number)),
      );
      const hosts = await Promise.all(guests.map(async (each) => (await ask(each)).text()));
      assert.equal(new Set(hosts).size, 1, "the other one takes all clients");
      // Each further one after 0.4 s at least, unless a healthy worker died, too.
      const most = 2 + (performance.now() - knownAt) / 400;
      assert.ok(deaths.length - known <= most, deaths.join("\n"));

      // It recovers, and has clients again.
      Deno.writeTextFileSync(file, "");
      let number = 40;
      for (const end = performance.now() + 60_000; performance.now() < end;) {
        const next = await connectInTime(server, number++);
        guests.push(next);
        if (await (await ask(next)).text() !== hosts[0]) break;
      }
      assert.notEqual(await (await ask(guests.at(-1)!)).text(), hosts[0]);
      for (const connection of [...connections, ...guests]) connection.close();
      Deno.removeSync(file);
    },
  );
}
