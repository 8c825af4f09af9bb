import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { Drip } from "./drip.ts";
import { linkOf, Pair } from "./pair.ts";
import { expectOpen } from "./transfers.ts";

/** Milliseconds within which everything is over that probe timeouts bound. */
const SOON = 4_000;

/**
 * Two ends that talk, half a second after their first path has held everything back for ten and lost
 * nothing: the mean of its round trips is seconds yet, and its probe timeout more.
 */
function afterHold() {
  const links = [linkOf(20, 60), linkOf(20, 90), linkOf(20, 60)];
  const config = { maxIdleTimeout: 120_000 };
  const pair = new Pair({ links, config, openPaths: false }).connect();
  const [first, second, third] = pair.links;
  const open = (i: number) => {
    const { client, clientPorts, serverPorts, now } = pair;
    client.connection.openPath(clientPorts[i]!, serverPorts[0]!.publicAddress, "available", now);
    client.touch();
  };
  open(1);
  const drips = (["client", "server"] as const).map((from) => new Drip(pair, { from, period: 50 }));
  for (const drip of drips) drip.start();
  pair.run({ until: pair.now + 3_000 });
  first!.hold();
  pair.run({ until: pair.now + 10_000 });
  first!.release();
  pair.run({ until: pair.now + 500 });
  const ends = [pair.client, pair.server];
  for (const { connection } of ends) {
    const path = connection.paths.find(0)!;
    assert.ok(
      path.readiness >= Readiness.Healthy && path.smoothedRtt > 300,
      `${path.smoothedRtt} ms`,
    );
  }
  return { pair, ends, drips, links: [first!, second!, third!] as const, open };
}

Deno.test("After a hold an address that does not answer is given up soon", () => {
  const { pair, links, open } = afterHold();
  links[2].down();
  open(2);
  pair.run({ until: pair.now + SOON, when: () => pair.client.has("pathRefused") });
  assert.ok(pair.client.has("pathRefused"));
  expectOpen(pair);
});

for (const side of ["client", "server"] as const) {
  Deno.test(`After a hold what a path carried that the ${side} closes goes out elsewhere soon`, () => {
    const { pair, ends, drips, links } = afterHold();
    const { connection } = pair[side];
    for (const drip of drips) drip.restart();
    links[0].down();
    pair.run({ until: pair.now + 100 });
    connection.closePath(connection.paths.find(0)!, 0, pair.now);
    pair.run({ until: pair.now + 2_000 });
    for (const { longest } of drips) assert.ok(longest <= 500, `${longest} ms late`);
    pair.run({ until: pair.now + SOON });
    for (const { connection } of ends) assert.equal(connection.paths.find(0), undefined);
  });

  Deno.test(`After a hold a connection that the ${side} closes is forgotten soon`, () => {
    const { pair, ends } = afterHold();
    pair[side].connection.close(0, "", pair.now);
    pair.run({ until: pair.now + SOON });
    for (const { endpoint } of ends) assert.equal(endpoint.connections.size, 0);
  });
}

Deno.test("After a hold a server follows a client to a second new address at once", () => {
  const { pair } = afterHold();
  const path = pair.server.connection.paths.find(0)!;
  for (let i = 0; i < 2; i++) {
    const { port } = pair.clientPorts[0]!.rebind();
    pair.client.connection.paths.find(0)!.space.requestProbes();
    pair.run({ until: pair.now + 1_000 });
    assert.equal(path.current.remote.port, port, `move ${i + 1}`);
  }
});
