import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { linkOf, Pair } from "./pair.ts";
import { expectOpen, move } from "./transfers.ts";

/** Everything a connection keeps by path, counted. */
function sizes(pair: Pair): number[] {
  return [pair.client, pair.server].flatMap(({ connection }) => [
    connection.paths.paths.length,
    [...connection.paths.slots].length,
  ]);
}

Deno.test("A thousand paths opened and abandoned by turns leave nothing behind [attack path-ids-used-up]", () => {
  const pair = new Pair({
    links: [linkOf(100, 4), linkOf(100, 4)],
    config: { maxIdleTimeout: 0 },
    openPaths: false,
  }).connect();
  pair.run({ until: 100 });
  const before = sizes(pair);
  let last = 0;
  for (let round = 0; round < 1_000; round++) {
    pair.openPaths();
    pair.run({ until: pair.now + 60 });
    const end = round % 2 === 0 ? pair.client : pair.server;
    const path = end.connection.paths.paths.at(-1)!;
    assert.ok(
      path.readiness >= Readiness.Open && path.id > last,
      `round ${round}: path ${path.id} after ${last}`,
    );
    last = path.id;
    if (round % 100 === 0) move(pair, 20_000);
    end.connection.closePath(path, 0, pair.now);
    end.touch();
    pair.run({ until: pair.now + 400 });
    pair.client.events.length = pair.server.events.length = 0;
  }
  expectOpen(pair);
  assert.deepEqual(sizes(pair), before);
  assert.ok(last >= 1_000);
  move(pair, 100_000);
});

Deno.test("A peer that opens paths faster than they are forgotten has to wait", () => {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], openPaths: false }).connect();
  pair.run({ until: 500 });
  for (let round = 0; round < 50; round++) {
    pair.openPaths();
    pair.run({ until: pair.now + 50 });
    for (const path of pair.client.connection.paths.paths) {
      if (path.id > 0) pair.client.connection.closePath(path, 0, pair.now);
    }
    pair.client.touch();
    assert.ok(pair.server.connection.paths.paths.length <= 4);
    assert.ok([...pair.server.connection.paths.slots].length <= 4 + 1);
  }
  pair.run({ until: pair.now + 5_000 });
  move(pair, 100_000);
});

Deno.test("Three hundred connections, opened and closed, leave nothing behind", () => {
  const pair = new Pair({ links: [linkOf(100, 4)] }).connect();
  const { config } = pair.client.connection;
  for (let round = 0; round < 300; round++) {
    const connection = pair.client.endpoint.connect(
      {
        transport: config,
        tls: { serverName: "server.test", alpn: ["sim"], verification: "insecure" },
      },
      pair.clientPorts[0]!,
      pair.serverPorts[0]!.publicAddress,
      pair.now,
    );
    pair.run({ until: pair.now + 20, when: () => connection.handshake.confirmed });
    assert.ok(connection.handshake.confirmed);
    connection.close(0, "", pair.now);
    pair.client.host.isTouched = true;
  }
  pair.run({ until: pair.now + 10_000 });
  assert.equal(pair.client.endpoint.connections.size, 1);
  assert.equal(pair.server.endpoint.connections.size, 1);
});
