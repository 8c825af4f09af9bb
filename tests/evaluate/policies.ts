import { type Scheduler, schedulerOf } from "../../src/scheduler/scheduler.ts";
import { schedulers } from "../../src/scheduler/schedulers.ts";
import { OURS } from "./row.ts";

/** Not compared: its results are those of other policies, or of a single path. */
const LEFT_OUT = ["weightedRoundRobin", "backup"];

/** All schedulers, the default first; those that remember something are made for each connection. */
export const SCHEDULERS: ReadonlyMap<string, () => Scheduler> = new Map(
  schedulers.map(({ name, scheduler }, i) => [i === 0 ? OURS : name, () => schedulerOf(scheduler)]),
);

/** The path schedulers that are compared, the default first. */
export const POLICIES: ReadonlyMap<string, Scheduler> = new Map(
  [...SCHEDULERS].filter(([name]) => !LEFT_OUT.includes(name)).map((
    [name, make],
  ) => [name, make()]),
);
