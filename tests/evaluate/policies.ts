import { type Scheduler, schedulerOf } from "../../src/scheduler/scheduler.ts";
import { schedulers } from "../../src/scheduler/schedulers.ts";
import { OURS } from "./row.ts";

/** Not compared: its results are those of other policies, or of a single path. */
const LEFT_OUT = ["weightedRoundRobin", "backup"];

/** The path schedulers that are compared, the default first. */
export const POLICIES: ReadonlyMap<string, Scheduler> = new Map(
  schedulers.filter(({ name }) => !LEFT_OUT.includes(name))
    .map(({ name, scheduler }, i) => [i === 0 ? OURS : name, schedulerOf(scheduler)]),
);
