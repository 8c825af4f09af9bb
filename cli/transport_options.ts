import {
  minRtt,
  priorityOrder,
  redundant,
  roundRobin,
  roundRobinOrder,
  type Scheduler,
  type StreamOrder,
  strictPriorityOrder,
  type TransportOptions,
} from "../mod.ts";
import type { SchedulerName, StreamOrderName, TransportChoices } from "./transport_flags.ts";

/** What the library allows by itself. */
const USUAL_PATHS = 4;

const schedulers: Readonly<Record<SchedulerName, Scheduler>> = { minRtt, roundRobin, redundant };

const streamOrders: Readonly<Record<StreamOrderName, StreamOrder>> = {
  roundRobin: roundRobinOrder,
  priority: priorityOrder,
  strictPriority: strictPriorityOrder,
};

/**
 * The library's options for what was chosen on the command line.
 *
 * @param choices What was chosen.
 * @param paths How many paths there may have to be.
 */
export function transportOptions(choices: TransportChoices, paths: number): TransportOptions {
  const { scheduler, streamOrder, initialWindow, flowWindow } = choices;
  return {
    ...(paths > USUAL_PATHS && { maxConcurrentPaths: paths }),
    ...(scheduler && { scheduler: schedulers[scheduler] }),
    ...(streamOrder && { streamOrder: streamOrders[streamOrder] }),
    ...(initialWindow && { initialCongestionWindow: initialWindow }),
    ...(flowWindow && { initialReceiveWindow: flowWindow }),
  };
}
