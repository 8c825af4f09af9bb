import { blest } from "../../src/scheduler/blest.ts";
import { earliestCompletion } from "../../src/scheduler/earliest_completion.ts";
import { ecf } from "../../src/scheduler/ecf.ts";
import { minRtt } from "../../src/scheduler/min_rtt.ts";
import { redundant } from "../../src/scheduler/redundant.ts";
import { roundRobin } from "../../src/scheduler/round_robin.ts";
import type { Scheduler } from "../../src/scheduler/scheduler.ts";
import { sttf } from "../../src/scheduler/sttf.ts";
import { OURS } from "./row.ts";

/** The path schedulers that are compared, the default first. */
export const POLICIES: ReadonlyMap<string, Scheduler> = new Map<string, Scheduler>([
  [OURS, earliestCompletion],
  ["minRtt", minRtt],
  ["roundRobin", roundRobin],
  ["ecf", ecf],
  ["blest", blest],
  ["sttf", sttf],
  ["redundant", redundant],
]);
