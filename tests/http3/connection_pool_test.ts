import assert from "node:assert/strict";
import { ConnectionPool } from "../../src/http3/client/connection_pool.ts";
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
