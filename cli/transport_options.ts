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
 */
export function transportOptions(choices: TransportChoices): TransportOptions {
  const { scheduler, streamOrder, initialWindow, flowWindow } = choices;
  return {
    ...(scheduler && { scheduler: schedulers[scheduler] }),
    ...(streamOrder && { streamOrder: streamOrders[streamOrder] }),
    ...(initialWindow && { initialCongestionWindow: initialWindow }),
    ...(flowWindow && { initialReceiveWindow: flowWindow }),
  };
}
