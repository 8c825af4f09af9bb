import assert from "node:assert/strict";
import type { End } from "./pair.ts";
import { linkOf, Pair } from "./pair.ts";
import { begin, type Direction, expectOpen } from "./transfers.ts";

function update(end: End): void {
  end.connection.keys.oneRtt?.requestUpdate();
}

for (const direction of ["download", "upload"] as Direction[]) {
  for (const side of ["client", "server"] as const) {
    Deno.test(`The ${side} updates keys every second during a ${direction} over two paths`, () => {
      const pair = new Pair({ links: [linkOf(10, 44), linkOf(10, 44)] });
      pair.start();
      const finished = begin(pair, 8_000_000, direction);
      const phases = new Set<string>();
      let changes = 0;
      let last = 0;
      for (let at = 500; at < 4_000; at += 100) {
        pair.at(at, () => {
          if (at % 1_000 === 500 && at < 3_000) update(pair[side]);
          const phase = pair.client.connection.keys.oneRtt!.phase;
          if (phase !== last) changes++;
          last = phase;
          phases.add(`${phase}`);
        });
      }
      pair.run({ until: 60_000, when: () => finished() < Infinity });
      expectOpen(pair);
      assert.equal(phases.size, 2);
      assert.ok(changes >= 2, `${changes} changes of phase`);
      assert.ok(finished() < 3_700, `${finished()} ms`);
      assert.equal(
        pair.client.connection.keys.oneRtt!.phase,
        pair.server.connection.keys.oneRtt!.phase,
      );
    });
  }

  Deno.test(`Keys change while paths of 20 and 800 ms reorder a ${direction}`, () => {
    const pair = new Pair({ links: [linkOf(10, 20), linkOf(5, 800)] });
    pair.start();
    const finished = begin(pair, 12_000_000, direction);
    for (let at = 2_000; at < 8_000; at += 500) {
      pair.at(at, () => update(at % 1_000 === 0 ? pair.client : pair.server));
    }
    pair.run({ until: 120_000, when: () => finished() < Infinity });
    expectOpen(pair);
    assert.ok(finished() < 14_000, `${finished()} ms`);
  });

  Deno.test(`Both ends change keys at one moment of a lossy ${direction}`, () => {
    for (let seed = 0; seed < 10; seed++) {
      const bad = { loss: 0.05, reorder: 0.05, duplicate: 0.05 };
      const pair = new Pair({ seed, links: [linkOf(10, 44, bad), linkOf(10, 80, bad)] });
      pair.start();
      const finished = begin(pair, 500_000, direction);
      for (let at = 300; at < 3_000; at += 200) {
        pair.at(at, () => {
          update(pair.client);
          update(pair.server);
        });
      }
      pair.run({ until: 120_000, when: () => finished() < Infinity });
      expectOpen(pair);
      assert.ok(finished() < Infinity);
    }
  });
}
