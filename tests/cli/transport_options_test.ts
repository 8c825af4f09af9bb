import assert from "node:assert/strict";
import type { TransportChoices } from "../../cli/transport_flags.ts";
import { transportOptions } from "../../cli/transport_options.ts";
import { auto, roundRobin, strictPriorityOrder } from "../../mod.ts";

const nothing: TransportChoices = {
  scheduler: undefined,
  streamOrder: undefined,
  congestionControl: undefined,
  initialWindow: undefined,
  flowWindow: undefined,
  interfaces: [],
};

Deno.test("transportOptions() leaves to the library what was not chosen", () => {
  assert.deepEqual(transportOptions(nothing, 2), {});
});

Deno.test("transportOptions() passes on what was chosen", () => {
  const choices: TransportChoices = {
    scheduler: roundRobin,
    streamOrder: "strictPriority",
    congestionControl: "auto",
    initialWindow: 32,
    flowWindow: 65_536,
    interfaces: ["a"],
  };
  assert.deepEqual(transportOptions(choices, 1), {
    scheduler: roundRobin,
    streamOrder: strictPriorityOrder,
    congestionControl: auto,
    initialCongestionWindow: 32,
    initialReceiveWindow: 65_536,
  });
});

Deno.test("transportOptions() makes room for as many paths as were named", () => {
  assert.deepEqual(transportOptions(nothing, 5), { maxConcurrentPaths: 5 });
});
