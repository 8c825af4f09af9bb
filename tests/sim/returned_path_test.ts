import assert from "node:assert/strict";
import { withSeed } from "../../src/sim/world.ts";
import { Drip } from "./drip.ts";
import { linkOf, Pair } from "./pair.ts";
import { seedOf } from "./seed.ts";

/** Milliseconds by which the outage begins later, so that it meets a request, or its answer. */
const OFFSETS = [0, 4, 8, 12, 16, 20, 60];

Deno.test("answers come by the fast path again when it is back from an outage", () => {
  for (const offset of OFFSETS) {
    const links = [linkOf(30, 20), linkOf(10, 60)];
    const pair = new Pair({ seed: seedOf(`returned ${offset}`), links });
    withSeed(pair.world, () => {
      pair.connect().run({ until: pair.now + 1_000 });
      const drip = new Drip(pair, { from: "server", kind: "request", period: 100, size: 5_000 });
      drip.start();
      pair.run({ until: pair.now + 2_000 + offset });
      pair.links[0]!.down();
      pair.run({ until: pair.now + 3_000 });
      pair.links[0]!.up();
      pair.run({ until: pair.now + 4_000 });
      drip.restart();
      pair.run({ until: pair.now + 1_000 });
      // A round trip, 1.4 ms for the bytes, and some pacing; by the other path it is 44 ms or more.
      assert.ok(drip.longest < 35, `${offset}: ${drip.longest.toFixed(0)} ms`);
    });
  }
});
