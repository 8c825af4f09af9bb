import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import { Drip, type DripOptions } from "./drip.ts";
import type { LinkOptions } from "../../src/sim/link.ts";
import { linkOf, Pair } from "./pair.ts";
import { begin } from "./transfers.ts";

/** Round trips of the two paths, in milliseconds. */
const TRIPS = [60, 90];
/** The two paths. */
export const LINKS: readonly LinkOptions[] = TRIPS.map((trip) => linkOf(20, trip));
/** Milliseconds that no message may be late when either dies. */
export const LATEST = Math.max(3 * Math.max(...TRIPS), 300);

/** How one of two paths dies under a drip of small messages. */
export interface Death {
  readonly seed: number | string;
  readonly drip: DripOptions;
  /** For both ends. */
  readonly scheduler: Scheduler;
  /** Which path dies; the one that carries the messages then, if left out. */
  readonly dying?: number;
  /** Bytes moved first, so that windows are wide. */
  readonly warm?: number;
  /** Milliseconds for which nothing is sent just before. */
  readonly pause?: number;
  /** A pause without loss that there was before. */
  readonly hold?: Hold;
}

/** A time in which links hold everything back, and lose nothing. */
export interface Hold {
  /** Which links. */
  readonly links: readonly number[];
  /** Milliseconds that it takes. */
  readonly duration: number;
  /** Milliseconds from its end until the path dies, less a second at most. */
  readonly before: number;
}

/** How that went. */
export interface Outcome {
  readonly pair: Pair;
  /** The longest delay of a message since the path died, in milliseconds. */
  readonly longest: number;
}

/** Lets one of two paths die in silence. */
export function loseUnderDrip(death: Death): Outcome {
  const { drip, scheduler, seed, pause = 0, hold } = death;
  const pair = new Pair({ seed, links: LINKS, config: { scheduler } }).connect();
  pair.run({ until: pair.now + 500 });
  warmUp(pair, death);
  const messages = new Drip(pair, drip);
  messages.start();
  if (hold !== undefined) holdBack(pair, hold);
  pair.run({ until: pair.now + 200 });
  const before = delivered(pair, drip);
  pair.run({ until: pair.now + 500 + pair.world.random.below(400) });
  const grown = delivered(pair, drip).map((bytes, i) => bytes - before[i]!);
  const { dying = grown[0]! >= grown[1]! ? 0 : 1 } = death;
  if (pause > 0) {
    messages.stop();
    pair.run({ until: pair.now + pause });
  }
  messages.restart();
  pair.links[dying]!.down();
  messages.start();
  pair.run({ until: pair.now + 2_000 });
  messages.stop();
  pair.run({ until: pair.now + 500 });
  return { pair, longest: messages.longest };
}

function warmUp(pair: Pair, { drip, warm = 0 }: Death): void {
  if (warm === 0) return;
  const finished = begin(pair, warm, drip.from === "client" ? "upload" : "download");
  pair.run({ until: pair.now + 20_000, when: () => finished() < Infinity });
}

function holdBack(pair: Pair, { links, duration, before }: Hold): void {
  pair.run({ until: pair.now + 700 });
  for (const i of links) pair.links[i]!.hold();
  pair.run({ until: pair.now + duration });
  for (const i of links) pair.links[i]!.release();
  pair.run({ until: pair.now + before });
}

/** Bytes that each link has brought to where the messages go. */
function delivered({ links }: Pair, { from }: DripOptions): number[] {
  return links.map(({ upward, downward }) =>
    (from === "client" ? upward : downward).counters.deliveredBytes
  );
}
