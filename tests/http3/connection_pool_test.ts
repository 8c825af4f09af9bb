import assert from "node:assert/strict";
import { ConnectionPool } from "../../src/http3/client/connection_pool.ts";
import { serveConnection } from "../../src/http3/server/server.ts";
import type { H3Transport } from "../../src/http3/transport.ts";
import { frame, varints } from "../../src/http3/wire/frame.ts";
import { MemoryTransport } from "./memory_transport.ts";
import { RawPeer, within } from "./raw_peer.ts";

Deno.test("a connection whose successor does not come about has none, and no failure is left", async () => {
  const url = new URL("https://localhost/");
  const [transport, server] = MemoryTransport.pair();
  const second = Promise.withResolvers<H3Transport>();
  const connections = [Promise.resolve<H3Transport>(transport), second.promise];
  const pool = new ConnectionPool(() => connections.shift()!);
  const { client } = await pool.lease(url, {});
  await new RawPeer(server).settings(frame(0x07, varints(0)));
  while (client.isAccepting) await new Promise((resolve) => setTimeout(resolve, 5));
  const leasing = pool.lease(url, {});
  await new Promise((resolve) => setTimeout(resolve, 5));
  // A tunnel of the old connection waits for its answer meanwhile.
  const replacing = pool.replace(url, {}, client);
  second.reject(new Error("nothing answers"));
  await assert.rejects(within(leasing), /nothing answers/);
  assert.equal(await within(replacing), false);
  await client.close();
});

/** A pool whose connections come when they are told to, and the signals that give these up. */
function slowPool() {
  const url = new URL("https://localhost/");
  const attempts: { signal: AbortSignal; done: (transport: H3Transport) => void }[] = [];
  const pool = new ConnectionPool(({ signal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<H3Transport>();
    signal!.addEventListener("abort", () => reject(signal!.reason));
    attempts.push({ signal: signal!, done: resolve });
    return promise;
  });
  return { pool, attempts, lease: (signal?: AbortSignal) => pool.lease(url, {}, signal) };
}

Deno.test("a connection that no request waits for any more is given up", async () => {
  const { attempts, lease } = slowPool();
  const [one, two] = [new AbortController(), new AbortController()];
  const first = lease(one.signal);
  const second = lease(two.signal);
  one.abort(new Error("no more"));
  assert.equal(attempts[0]!.signal.aborted, false, "another request waits");
  two.abort(new Error("nor this one"));
  assert.equal(attempts[0]!.signal.aborted, true);
  const third = lease();
  assert.equal(attempts.length, 2, "what comes later does not wait for what is given up");
  await assert.rejects(first, /nor this one/);
  await assert.rejects(second, /nor this one/);
  const [transport] = MemoryTransport.pair();
  attempts[1]!.done(transport);
  const { client } = await within(third);
  await client.close();
});

Deno.test("a connection outlives the signals of requests that waited for it", async () => {
  const { attempts, lease } = slowPool();
  const controller = new AbortController();
  const leasing = lease(controller.signal);
  const [transport] = MemoryTransport.pair();
  attempts[0]!.done(transport);
  const { client } = await within(leasing);
  controller.abort();
  assert.equal(attempts[0]!.signal.aborted, false);
  assert.equal((await lease()).client, client);
  await client.close();
});

Deno.test("a connection on which a tunnel waits for the server's SETTINGS is not idle", async () => {
  const [ours, theirs] = MemoryTransport.pair();
  await using pool = new ConnectionPool(() => Promise.resolve(ours));
  const url = new URL("https://a.example/");
  const { client } = await pool.lease(url, { idleTimeout: 20 });
  const connecting = client.connect(url, "connect-udp");
  connecting.catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 80));
  serveConnection(theirs, () => new Response(null), { onConnect: () => new Response("there") });
  assert.equal(await within((await within(connecting)).text()), "there");
  await within(client.closed); // and then it is idle
});
