import {
  auto,
  balia,
  bbr,
  blest,
  type CongestionControl,
  cubic,
  earliestCompletion,
  ecf,
  lia,
  minRtt,
  newReno,
  olia,
  priorityOrder,
  redundant,
  roundRobin,
  roundRobinOrder,
  type Scheduler,
  type StreamOrder,
  strictPriorityOrder,
  sttf,
  type TransportOptions,
  urgencyOrder,
  weightedRoundRobin,
} from "../mod.ts";
import type {
  CongestionName,
  SchedulerName,
  StreamOrderName,
  TransportChoices,
} from "./transport_flags.ts";

/** What the library allows by itself. */
const USUAL_PATHS = 4;

const schedulers: Readonly<Record<SchedulerName, Scheduler>> = {
  earliestCompletion,
  minRtt,
  roundRobin,
  weightedRoundRobin: weightedRoundRobin(),
  ecf,
  blest,
  sttf,
  redundant,
};

const congestionControls: Readonly<Record<CongestionName, CongestionControl>> = {
  cubic,
  newReno,
  bbr,
  auto,
  lia,
  olia,
  balia,
};

const streamOrders: Readonly<Record<StreamOrderName, StreamOrder>> = {
  roundRobin: roundRobinOrder,
  priority: priorityOrder,
  strictPriority: strictPriorityOrder,
  urgency: urgencyOrder,
};

/**
 * The library's options for what was chosen on the command line.
 *
 * @param choices What was chosen.
 * @param paths How many paths there may have to be.
 */
export function transportOptions(choices: TransportChoices, paths: number): TransportOptions {
  const { scheduler, streamOrder, congestionControl, initialWindow, flowWindow } = choices;
  return {
    ...(paths > USUAL_PATHS && { maxConcurrentPaths: paths }),
    ...(scheduler && { scheduler: schedulers[scheduler] }),
    ...(streamOrder && { streamOrder: streamOrders[streamOrder] }),
    ...(congestionControl && { congestionControl: congestionControls[congestionControl] }),
    ...(initialWindow && { initialCongestionWindow: initialWindow }),
    ...(flowWindow && { initialReceiveWindow: flowWindow }),
  };
}
