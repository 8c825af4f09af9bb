// Measures transfers over simulated links.

import type { CongestionControl } from "../congestion/controller.ts";
import type { TransportConfig } from "../connection/config.ts";
import type { ReinjectionPolicy } from "../scheduler/reinjection.ts";
import type { Scheduler, SchedulerFactory } from "../scheduler/scheduler.ts";
import type { LinkOptions } from "./link.ts";
import { Pair } from "./pair.ts";
import { begin, type Direction } from "./transfers.ts";

/** Virtual milliseconds after which a transfer counts as failed. */
const LIMIT = 3_600_000;

/** A transfer over some links, done once for each seed. */
export interface Experiment {
  /** One link per path, as {@linkcode linkOf} describes them. */
  readonly links: readonly LinkOptions[];
  /** Bytes that are moved. */
  readonly bytes: number;
  /** Which end sends them. @default {"download"} */
  readonly direction?: Direction;
  /** What the sender decides paths by. @default {earliestCompletion} */
  readonly scheduler?: Scheduler | SchedulerFactory;
  /** What the sender decides by what leaves twice. @default {stragglerCopies} */
  readonly reinjection?: ReinjectionPolicy;
  /** How the sender fills a path. @default {cubic} */
  readonly congestionControl?: CongestionControl;
  /** Further settings of both ends. */
  readonly config?: Partial<TransportConfig>;
  /** Seeds of the runs: without chance on the links, one is enough. @default {[1]} */
  readonly seeds?: readonly (number | string)[];
  /** Called with each pair before it runs: for outages, changes of rates, and the like. */
  readonly prepare?: (pair: Pair) => void;
}

/** What an experiment gave. Times are milliseconds from the first packet to the last byte. */
export interface Figures {
  /** One time per seed, in the order of the seeds. */
  readonly times: readonly number[];
  /** The median of the times. */
  readonly median: number;
  /** The longest of them. */
  readonly worst: number;
  /** Bytes that were sent on each link, over all seeds. */
  readonly bytesByLink: readonly number[];
}

/**
 * Runs an experiment in virtual time. The same experiment gives the same figures on every machine.
 *
 * @param experiment What to move, over which links.
 * @returns How long it took, and which links carried it.
 * @throws {Error} If a transfer does not end within an hour of virtual time; the message has its seed.
 *
 * @example Two links, by two schedulers
 * ```ts
 * import { linkOf, measure } from "@mpquic/mpquic/sim";
 * import { minRtt, roundRobin } from "@mpquic/mpquic";
 *
 * const links = [linkOf(50, 20), linkOf(10, 80)];
 * for (const scheduler of [minRtt, roundRobin]) {
 *   const { median } = measure({ links, bytes: 1_000_000, scheduler });
 *   console.log(`${scheduler.name}: ${Math.round(median)} ms`);
 * }
 * ```
 */
export function measure(experiment: Experiment): Figures {
  const { links, seeds = [1] } = experiment;
  const bytesByLink = links.map(() => 0);
  const times = seeds.map((seed) => {
    const pair = pairOf(experiment, seed);
    experiment.prepare?.(pair);
    const time = run(pair, experiment);
    pair.links.forEach(({ upward, downward }, i) => {
      const pipe = experiment.direction === "upload" ? upward : downward;
      bytesByLink[i]! += pipe.counters.deliveredBytes;
    });
    return time;
  });
  const sorted = times.toSorted((a, b) => a - b);
  return { times, median: sorted[sorted.length >> 1]!, worst: sorted.at(-1)!, bytesByLink };
}

function pairOf(experiment: Experiment, seed: number | string): Pair {
  const { links, scheduler, reinjection, congestionControl, direction = "download" } = experiment;
  const sender: Partial<TransportConfig> = {
    ...(scheduler && { scheduler }),
    ...(reinjection && { reinjection }),
    ...(congestionControl && { congestionControl }),
  };
  return new Pair({
    seed,
    links,
    serverAddresses: links.length,
    config: { maxConcurrentPaths: Math.max(4, links.length), ...experiment.config },
    ...(direction === "download" ? { serverConfig: sender } : { clientConfig: sender }),
  });
}

function run(pair: Pair, { bytes, direction }: Experiment): number {
  pair.start();
  const finishedAt = begin(pair, bytes, direction);
  pair.run({ until: LIMIT, when: () => finishedAt() < Infinity });
  const time = finishedAt();
  if (time === Infinity) throw new Error(`${bytes} bytes never came (seed ${pair.world.seed})`);
  return time;
}
