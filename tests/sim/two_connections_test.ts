import assert from "node:assert/strict";
import { Drip } from "./drip.ts";
import { LATEST, LINKS } from "./dying_path.ts";
import { linkOf, Pair } from "./pair.ts";
import { expectOpen } from "./transfers.ts";

/** Two connections of the same two endpoints, over the same ports. */
function twoConnections(links = LINKS): readonly [Pair, Pair] {
  const first = new Pair({ links }).connect();
  const second = new Pair({ beside: first }).connect();
  first.run({ until: first.now + 500 });
  assert.equal(first.server.endpoint.connections.size, 2);
  assert.notEqual(first.server.connection, second.server.connection);
  return [first, second];
}

Deno.test("Two busy connections of one endpoint share its links evenly", () => {
  const [first, second] = twoConnections([linkOf(10, 44), linkOf(10, 44)]);
  const downloads = [first, second].map(({ client }) => client.app.download(20_000_000));
  const from = first.now;
  first.run({ until: from + 5_000 });
  const received = downloads.map((download) => download.received);
  const total = received[0]! + received[1]!;
  assert.ok(total > 0.9 * 20e6 / 8 * 5, `${total} bytes of both`);
  for (const bytes of received) assert.ok(bytes > 0.35 * total, `${received}`);
});

Deno.test("A path dies under two connections of one endpoint: no message of either is late", () => {
  for (const dying of [0, 1]) {
    for (const period of [10, 50, 200]) {
      const pairs = twoConnections();
      const drips = pairs.flatMap((pair) =>
        (["client", "server"] as const).map((from) => new Drip(pair, { from, period }))
      );
      for (const drip of drips) drip.start();
      const [first] = pairs;
      first.run({ until: first.now + 1_000 });
      first.links[dying]!.down();
      first.run({ until: first.now + 3_000 });
      pairs.forEach(expectOpen);
      for (const { longest } of drips) assert.ok(longest <= LATEST, `${longest} ms late`);
    }
  }
});

Deno.test("Each of two busy connections sends a run of datagrams in its turn", () => {
  const [first, second] = twoConnections([{ delay: 20 }]);
  const runs: { id: string; length: number; at: number }[] = [];
  const servers = new Set(first.serverPorts.map(({ publicAddress }) => publicAddress.hostname));
  first.world.network.capture = (at, event, from, _to, data) => {
    if (event !== "send" || !servers.has(from.hostname)) return;
    const id = data.subarray(1, 9).join();
    const last = runs.at(-1);
    if (last?.id === id && last.at === at) last.length++;
    else runs.push({ id, length: 1, at });
  };
  for (const { client } of [first, second]) client.app.download(3_000_000);
  first.run({ until: first.now + 500 });
  // Where several runs leave at the same time, each connection was ready with more than it may send.
  const together = runs.filter(({ at }, i) => runs[i + 1]?.at === at);
  const longest = Math.max(...together.map(({ length }) => length));
  assert.equal(longest, 45, JSON.stringify(together.map(({ length }) => length)));
});

Deno.test("Datagrams to one connection ID name it by one array, those to others by others", () => {
  const [first, second] = twoConnections([{ delay: 20 }]);
  const { endpoint } = first.server;
  const arrays = new Map<string, Set<Uint8Array | undefined>>();
  const transmit = endpoint.transmit.bind(endpoint);
  endpoint.transmit = (now) => {
    const out = transmit(now);
    if (out === undefined) return undefined;
    const id = out.port.buffer!.subarray(1, 9);
    assert.deepEqual(out.destination, id);
    const known = arrays.get(id.join()) ?? new Set();
    arrays.set(id.join(), known.add(out.destination));
    return out;
  };
  for (const { client } of [first, second]) client.app.download(1_000_000);
  first.run({ until: first.now + 500 });
  assert.equal(arrays.size, 2);
  for (const known of arrays.values()) assert.equal(known.size, 1);
});
