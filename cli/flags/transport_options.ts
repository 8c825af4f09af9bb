// The options of the library for what the flags chose.

import {
  auto,
  balia,
  bbr,
  type CongestionControl,
  cubic,
  lia,
  newReno,
  olia,
  priorityOrder,
  redundant,
  roundRobinOrder,
  type StreamOrder,
  strictPriorityOrder,
  type TransportOptions,
  urgencyOrder,
} from "../../mod.ts";
import type { CongestionName, StreamOrderName, TransportChoices } from "./transport_flags.ts";

/** What the library allows by itself. */
const USUAL_PATHS = 4;

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
  const {
    scheduler,
    reinjection,
    streamOrder,
    congestionControl,
    initialCongestionWindow,
    initialReceiveWindow,
  } = choices;
  return {
    ...(paths > USUAL_PATHS && { maxConcurrentPaths: paths }),
    ...(scheduler && { scheduler }),
    // Both ends are told the same, as each decides for what it sends.
    ...(scheduler === redundant && { dropDuplicateDatagrams: true }),
    ...(reinjection && { reinjection }),
    ...(streamOrder && { streamOrder: streamOrders[streamOrder] }),
    ...(congestionControl && { congestionControl: congestionControls[congestionControl] }),
    ...(initialCongestionWindow && { initialCongestionWindow }),
    ...(initialReceiveWindow && { initialReceiveWindow }),
  };
}
