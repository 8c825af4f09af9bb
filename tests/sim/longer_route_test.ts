import assert from "node:assert/strict";
import { Drip, type DripOptions } from "./drip.ts";
import { linkOf, Pair } from "./pair.ts";
import { seedOf } from "./seed.ts";
import { withSeed } from "../../src/sim/world.ts";

/** One-way delays in milliseconds: of path 0 at first, of path 0 later, and of path 1. */
const [SHORT, LONG, OTHER] = [10, 200, 30] as const;

/** A drip while the route of its path becomes longer, as in another cell, and short again. */
function dripOver(options: DripOptions, check: (pair: Pair, drip: Drip) => void): void {
  const links = [linkOf(30, 2 * SHORT), linkOf(10, 2 * OTHER)];
  const pair = new Pair({ seed: seedOf(`${options.from} ${options.kind}`), links });
  withSeed(pair.world, () => {
    pair.connect().run({ until: pair.now + 200 });
    pair.client.app.download(300_000);
    pair.client.app.upload(300_000);
    pair.run({ until: pair.now + 2_000 });
    const drip = new Drip(pair, options);
    drip.start();
    pair.run({ until: pair.now + 2_000 });
    assert.ok(drip.longest < SHORT + 2, "path 0 is the fast one");
    pair.links[0]!.set({ delay: LONG });
    pair.run({ until: pair.now + 4_000 });
    drip.restart();
    check(pair, drip);
  });
}

for (const from of ["client", "server"] as const) {
  for (const kind of ["stream", "datagram"] as const) {
    const what = `a ${kind} drip of the ${from}`;

    Deno.test(`${what} leaves a path whose route has become longer`, () => {
      dripOver({ from, period: 50, size: 200, kind }, (pair, drip) => {
        pair.run({ until: pair.now + 4_000 });
        assert.ok(drip.longest < OTHER + 5, `${drip.longest.toFixed(0)} ms`);
      });
    });

    if (kind === "datagram") continue;
    Deno.test(`${what} comes back when the route is short again`, () => {
      dripOver({ from, period: 50, size: 200, kind }, (pair, drip) => {
        pair.links[0]!.set({ delay: SHORT });
        pair.run({ until: pair.now + 12_000 });
        drip.restart();
        pair.run({ until: pair.now + 1_000 });
        assert.ok(drip.longest < SHORT + 2, `${drip.longest.toFixed(0)} ms`);
      });
    });
  }
}
