import { Readiness } from "../../src/scheduler/readiness.ts";
import assert from "node:assert/strict";
import { Drip } from "./drip.ts";
import { linkOf, Pair } from "./pair.ts";
import { expectOpen } from "./transfers.ts";

/** A pair whose ends both send a message every 50 ms, for a while. */
function dripping(): { readonly pair: Pair; readonly drips: readonly Drip[] } {
  const links = [linkOf(20, 60), linkOf(20, 90)];
  const pair = new Pair({ links, config: { maxIdleTimeout: 60_000 } }).connect();
  pair.run({ until: pair.now + 500 });
  const drips = (["client", "server"] as const).map((from) => new Drip(pair, { from, period: 50 }));
  for (const drip of drips) drip.start();
  pair.run({ until: pair.now + 3_000 });
  return { pair, drips };
}

for (const stopped of ["client", "server"] as const) {
  for (const seconds of [1, 10]) {
    Deno.test(`A ${stopped} that stood still for ${seconds} s neither blames a path nor learns from it`, () => {
      const { pair, drips } = dripping();
      const end = pair[stopped];
      const path = end.connection.paths.find(0)!;
      const { smoothedRtt } = path;
      let doubts = 0;
      const before = end.onEvent;
      end.onEvent = (event) => {
        before(event);
        if (event.type === "pathHealth") doubts++;
      };
      end.host.stop();
      pair.run({ until: pair.now + 1_000 * seconds });
      end.host.continue();
      pair.run({ until: pair.now + 1_000 });
      assert.equal(doubts, 0);
      assert.ok(path.smoothedRtt < smoothedRtt + 15, `${path.smoothedRtt} ms`);
      assert.ok(path.probeTimeout < 200, `${path.probeTimeout} ms`);
      for (const drip of drips) drip.restart();
      pair.links[0]!.down();
      pair.run({ until: pair.now + 2_000 });
      expectOpen(pair);
      for (const { longest } of drips) assert.ok(longest <= 300, `${longest} ms late`);
      for (const each of [pair.client, pair.server]) {
        assert.ok(
          each.connection.paths.paths.every(({ readiness }) => readiness >= Readiness.Open),
          "no path is given up",
        );
      }
    });
  }
}

Deno.test("A path that was being opened while the client stood still opens", () => {
  const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)], openPaths: false }).connect();
  pair.run({ until: pair.now + 500 });
  pair.openPaths();
  pair.run({ until: pair.now + 10 });
  pair.client.host.stop();
  pair.run({ until: pair.now + 8_000 });
  pair.client.host.continue();
  pair.run({ until: pair.now + 500 });
  assert.equal(pair.client.has("pathRefused"), false);
  assert.deepEqual(
    pair.client.connection.paths.paths.map(({ readiness }) => readiness >= Readiness.Open),
    [true, true],
  );
});
