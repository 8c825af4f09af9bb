import assert from "node:assert/strict";
import type { SimPort } from "../../src/sim/sim_port.ts";
import { linkOf, Pair, type PairOptions } from "./pair.ts";
import { assertUnlinked, watchIds } from "./seen_ids.ts";
import { expectOpen } from "./transfers.ts";

// RFC 9000, Section 9.5: what happens on the way to another address links no two of them either.

interface Idle {
  readonly pair: Pair;
  readonly seen: Map<string, Set<string>>;
  /** Ports on other links that no path uses, and that hear nothing. */
  readonly deaf: readonly SimPort[];
}

/** A connection at rest. */
function idle(options: PairOptions = {}): Idle {
  const pair = new Pair({ config: { maxIdleTimeout: 60_000 }, ...options });
  const deaf = [1, 2].map((i) => {
    const link = pair.world.network.link(linkOf(10, 60));
    link.downward.down();
    return pair.client.host.open(`10.77.${i}.1`, 50_077, link);
  });
  pair.client.host.ports.length = 1; // not for `openPaths`
  pair.connect();
  pair.run({ until: pair.now + 1_000 });
  return { pair, seen: watchIds(pair), deaf };
}

function probe({ pair }: Idle, port: SimPort): void {
  const { connection } = pair.client;
  const path = connection.paths.find(0)!;
  assert.ok(connection.migratePath(path, port, path.current.remote, pair.now));
  pair.run({ until: pair.now + 100 });
}

/** The IDs of the client that its server has used towards a host. */
function towards({ seen }: Idle, hostname: string): string[] {
  const ids = [...seen].filter(([tuple]) => tuple.includes(`> ${hostname}:`));
  return ids.flatMap(([, each]) => [...each]);
}

/** A client does not know what its NAT does: of these IDs, the server's must not link addresses. */
function assertServerUnlinked({ pair, seen }: Idle): void {
  const { hostname } = pair.serverPorts[0]!.address;
  assertUnlinked(new Map([...seen].filter(([tuple]) => tuple.startsWith(`${hostname}:`))));
}

Deno.test("A server answers the probes of a client from two addresses with an ID for each", () => {
  const world = idle();
  for (const port of world.deaf) probe(world, port);
  for (const { address } of world.deaf) assert.ok(towards(world, address.hostname).length > 0);
  assertUnlinked(world.seen);
  expectOpen(world.pair);
});

Deno.test("A server that follows a client does not use the ID of an address that was only tried", () => {
  const world = idle();
  const { pair, deaf } = world;
  probe(world, deaf[0]!);
  pair.clientPorts[0]!.rebind({ hostname: "10.88.0.1" });
  pair.client.app.upload(1_000);
  pair.run({ until: pair.now + 1_000 });
  assert.equal(pair.server.connection.paths.find(0)!.current.remote.hostname, "10.88.0.1");
  assert.ok(towards(world, "10.88.0.1").length > 0 && towards(world, "10.77.1.1").length > 0);
  assertServerUnlinked(world);
});

/** The client sends something, and is at another host from then on. */
function appear({ pair }: Idle, hostname: string): void {
  pair.clientPorts[0]!.rebind({ hostname });
  pair.client.app.upload(100);
  pair.run({ until: pair.now + 40 });
  assert.equal(pair.server.connection.paths.find(0)!.current.remote.hostname, hostname);
}

Deno.test("A server that follows a client twice in vain has kept the ID for where it returns", () => {
  // Probe timeouts between the moves are long enough for them to be followed.
  const world = idle({ links: [linkOf(10, 20)] });
  const { pair } = world;
  const { publicAddress } = pair.clientPorts[0]!;
  appear(world, "10.88.0.1");
  pair.links[0]!.downward.down();
  pair.run({ until: pair.now + 200 });
  appear(world, "10.88.0.2");
  pair.links[0]!.downward.up();
  pair.clientPorts[0]!.rebind(publicAddress);
  const path = pair.server.connection.paths.find(0)!;
  const isBack = () => path.current.remote.hostname === publicAddress.hostname;
  pair.run({ until: pair.now + 20_000, when: isBack });
  assert.ok(isBack());
  const transfer = pair.client.app.download(20_000);
  pair.run({ until: pair.now + 5_000, when: () => transfer.isDone });
  assert.ok(transfer.isDone && towards(world, "10.88.0.2").length > 0);
  assertServerUnlinked(world);
});
