import assert from "node:assert/strict";
import { backup } from "../../src/scheduler/backup.ts";
import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import { weightedRoundRobin } from "../../src/scheduler/weighted_round_robin.ts";
import { POLICIES } from "../evaluate/policies.ts";
import { Drip, type DripOptions } from "./drip.ts";
import { linkOf, Pair } from "./pair.ts";
import { begin, expectOpen } from "./transfers.ts";

/** Milliseconds that no message may be late; the paths have round trips of 60 and 90. */
const LIMIT = 300;
const PERIODS = [5, 20, 50, 100, 400];
/** Those that are shorter than a round trip, and its third. */
const SHORT_PERIODS = [10, 20, 50, 70];

/** Any scheduler; those that remember something are made for each connection. */
const schedulers = new Map<string, () => Scheduler>([
  ...[...POLICIES].map(([name, policy]) => [name, () => policy] as const),
  ["backup", () => backup],
  ["weightedRoundRobin", () => weightedRoundRobin()],
]);

/** What happens before the path dies. */
interface Before {
  /** Bytes moved first, so that windows are wide. */
  readonly warm?: number;
  /** Milliseconds for which nothing is sent just before. */
  readonly pause?: number;
  /** Milliseconds for which the path once held everything back. */
  readonly hold?: number;
}

/** How late messages are at most when one of two paths dies in silence, in milliseconds. */
function longestDelay(
  drip: DripOptions,
  dying: number,
  scheduler: Scheduler,
  { warm = 0, pause = 0, hold = 0 }: Before = {},
): number {
  const seed = `${drip.from} ${drip.kind} ${drip.period} ${dying}`;
  const links = [linkOf(20, 60), linkOf(20, 90)];
  const pair = new Pair({ seed, links, config: { scheduler } }).connect();
  pair.run({ until: pair.now + 500 });
  if (warm > 0) {
    const finished = begin(pair, warm, drip.from === "client" ? "upload" : "download");
    pair.run({ until: pair.now + 20_000, when: () => finished() < Infinity });
  }
  const messages = new Drip(pair, drip);
  messages.start();
  pair.run({ until: pair.now + 700 + pair.world.random.below(400) });
  const link = pair.links[dying]!;
  if (hold > 0) {
    link.hold();
    pair.run({ until: pair.now + hold });
    link.release();
    pair.run({ until: pair.now + 1_000 });
  }
  if (pause > 0) {
    messages.stop();
    pair.run({ until: pair.now + pause });
  }
  messages.restart();
  link.down();
  messages.start();
  pair.run({ until: pair.now + 2_000 });
  messages.stop();
  pair.run({ until: pair.now + 500 });
  expectOpen(pair);
  return messages.longest;
}

function expectPrompt(drip: DripOptions, scheduler: Scheduler, before?: Before): void {
  for (const dying of [0, 1]) {
    const delay = longestDelay(drip, dying, scheduler, before);
    const what = `${drip.kind} every ${drip.period} ms, path ${dying} dies`;
    assert.ok(delay <= LIMIT, `${what}: ${delay.toFixed(0)} ms late`);
  }
}

for (const from of ["client", "server"] as const) {
  for (const [name, scheduler] of schedulers) {
    Deno.test(`A path dies under a drip of the ${from} with ${name}: no message is late`, () => {
      for (const period of PERIODS) {
        expectPrompt({ from, period, kind: "stream" }, scheduler());
        if (period === 20) expectPrompt({ from, period, kind: "datagram" }, scheduler());
      }
    });
  }

  Deno.test(`A path dies under a drip of the ${from} when its window is wide`, () => {
    for (const period of SHORT_PERIODS) {
      for (const kind of ["stream", "datagram"] as const) {
        expectPrompt({ from, period, kind }, POLICIES.get("minRtt")!, { warm: 1_000_000 });
      }
    }
  });

  Deno.test(`A path dies in a pause of a drip of the ${from}`, () => {
    for (const period of SHORT_PERIODS) {
      for (const pause of [300, 3_000]) {
        expectPrompt({ from, period, kind: "stream" }, POLICIES.get("minRtt")!, { pause });
      }
    }
  });

  Deno.test(`A path dies a second after it held everything back, under a drip of the ${from}`, () => {
    for (const hold of [1_000, 3_000, 10_000]) {
      for (const name of ["earliestCompletion", "roundRobin", "backup"]) {
        for (const period of [20, 200]) {
          expectPrompt({ from, period, kind: "stream" }, schedulers.get(name)!(), { hold });
        }
      }
    }
  });
}

Deno.test("A path dies under small requests: no answer is late", () => {
  for (const period of PERIODS) {
    for (const warm of [0, 1_000_000]) {
      const drip = { from: "client", period, kind: "request", size: 700 } as const;
      expectPrompt(drip, POLICIES.get("minRtt")!, { warm });
    }
  }
});
