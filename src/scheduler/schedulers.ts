// The list of all schedulers with their names and help texts.

import { backup } from "./backup.ts";
import { blest } from "./blest.ts";
import { earliestCompletion } from "./earliest_completion.ts";
import { ecf } from "./ecf.ts";
import { minRtt } from "./min_rtt.ts";
import { redundant } from "./redundant.ts";
import { roundRobin } from "./round_robin.ts";
import type { Scheduler, SchedulerFactory } from "./scheduler.ts";
import { sttf } from "./sttf.ts";
import { weightedRoundRobin } from "./weighted_round_robin.ts";

/**
 * A scheduler that can be chosen by name, as programs offer it to their users.
 *
 * @category Schedulers
 */
export interface NamedScheduler {
  /** Its name in the library. */
  readonly name: string;
  /** Short names, the preferred one first; empty if there is none. */
  readonly aliases: readonly string[];
  /** What it does, in a few words. */
  readonly help: string;
  /** What decides. */
  readonly scheduler: Scheduler | SchedulerFactory;
}

/**
 * All schedulers, the default first. A new scheduler needs a row here: programs, evaluation and
 * tests read this list.
 *
 * @example The names to choose from
 * ```ts
 * import { schedulers } from "@mpquic/mpquic";
 *
 * console.log(schedulers.map(({ name }) => name).join(", "));
 * ```
 *
 * @category Schedulers
 */
export const schedulers: readonly NamedScheduler[] = [
  {
    name: "earliestCompletion",
    aliases: ["earliest"],
    help: "the path on which data arrive first",
    scheduler: earliestCompletion,
  },
  { name: "minRtt", aliases: ["mrtt"], help: "lowest RTT first", scheduler: minRtt },
  { name: "roundRobin", aliases: ["rr"], help: "in turn", scheduler: roundRobin },
  {
    name: "weightedRoundRobin",
    aliases: ["wrr"],
    help: "in proportion to the rates",
    scheduler: { forConnection: () => weightedRoundRobin() },
  },
  { name: "ecf", aliases: [], help: "earliest completion first", scheduler: ecf },
  { name: "blest", aliases: [], help: "blocking estimation", scheduler: blest },
  { name: "sttf", aliases: [], help: "shortest transmission time first", scheduler: sttf },
  { name: "redundant", aliases: [], help: "all at once", scheduler: redundant },
  { name: "backup", aliases: [], help: "one path, the next when it fails", scheduler: backup },
];
