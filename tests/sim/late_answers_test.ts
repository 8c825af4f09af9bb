import assert from "node:assert/strict";
import { linkOf, Pair } from "./pair.ts";

/** Datagrams over each link, up and down, while answers to PINGs on both take seconds. */
function lateTraffic(delay: number): number[] {
  const pair = new Pair({
    links: [linkOf(10, 44), linkOf(10, 44)],
    clientConfig: { keepAliveInterval: 30_000 },
    serverConfig: { maxIdleTimeout: 3_600_000 },
    config: { maxIdleTimeout: 3_600_000 },
  }).connect();
  pair.run({ until: 20_000 });
  for (const link of pair.links) link.set({ delay });
  const pipes = pair.links.flatMap(({ downward, upward }) => [upward, downward]);
  const before = pipes.map(({ counters }) => counters.delivered);
  pair.run({ until: 80_000 });
  assert.equal(pair.client.connection.closing.open, true);
  return pipes.map(({ counters }, i) => counters.delivered - before[i]!);
}

// A server that has more to do than it can answers all its clients late, by all their paths. If each
// late answer had more probes sent, it would never have less to do.
for (const delay of [1_000, 2_000, 4_000]) {
  Deno.test(`Answers that take ${2 * delay} ms on all paths are soon waited for`, () => {
    const counts = lateTraffic(delay);
    assert.ok(counts.every((count) => count <= 32), `${counts} datagrams in a minute`);
  });
}
