import assert from "node:assert/strict";
import { linkOf, Pair } from "./pair.ts";

/** Datagrams from the client over each link, in a time in which it has nothing to say. */
function quietTraffic(keepAliveInterval: number, backup = false): number[] {
  const pair = new Pair({
    links: [linkOf(10, 44), linkOf(10, 44)],
    clientConfig: { keepAliveInterval },
    serverConfig: { maxIdleTimeout: 300_000 },
    config: { maxIdleTimeout: 300_000 },
    statuses: ["available", backup ? "backup" : "available"],
  }).connect();
  pair.run({ until: 2_000 });
  const before = pair.links.map((link) => link.upward.counters.delivered);
  pair.run({ until: 102_000 });
  assert.equal(pair.client.connection.closing.open, true);
  return pair.links.map((link, i) => link.upward.counters.delivered - before[i]!);
}

Deno.test("each path is kept alive for itself, backups too", () => {
  for (const backup of [false, true]) {
    for (const count of quietTraffic(10_000, backup)) {
      assert.ok(count >= 9 && count <= 25, `${count} datagrams in 100 s`);
    }
  }
});

Deno.test("without keep-alive a quiet connection is silent on every path", () => {
  assert.deepEqual(quietTraffic(0), [0, 0]);
});

Deno.test("traffic on one path does not stop the keep-alive of another", () => {
  const pair = new Pair({
    links: [linkOf(10, 44), linkOf(10, 200)],
    clientConfig: { keepAliveInterval: 2_000 },
    statuses: ["available", "backup"],
  }).connect();
  pair.run({ until: 2_000 });
  const before = pair.links[1]!.upward.counters.delivered;
  const transfer = pair.client.app.download(40e6);
  pair.run({ until: 22_000 });
  assert.ok(transfer.received > 1e7);
  assert.ok(pair.links[1]!.upward.counters.delivered - before >= 8);
});
