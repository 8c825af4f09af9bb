import assert from "node:assert/strict";
import type { TransportChoices } from "../../cli/flags/transport_flags.ts";
import { transportOptions } from "../../cli/flags/transport_options.ts";
import { auto, noCopies, roundRobin, strictPriorityOrder } from "../../mod.ts";

const nothing: TransportChoices = {
  scheduler: undefined,
  reinjection: undefined,
  streamOrder: undefined,
  congestionControl: undefined,
  initialCongestionWindow: undefined,
  initialReceiveWindow: undefined,
  interfaces: [],
};

Deno.test("transportOptions() leaves to the library what was not chosen", () => {
  assert.deepEqual(transportOptions(nothing, 2), {});
});

Deno.test("transportOptions() passes on what was chosen", () => {
  const choices: TransportChoices = {
    scheduler: roundRobin,
    reinjection: noCopies,
    streamOrder: "strictPriority",
    congestionControl: "auto",
    initialCongestionWindow: 32,
    initialReceiveWindow: 65_536,
    interfaces: ["a"],
  };
  assert.deepEqual(transportOptions(choices, 1), {
    scheduler: roundRobin,
    reinjection: noCopies,
    streamOrder: strictPriorityOrder,
    congestionControl: auto,
    initialCongestionWindow: 32,
    initialReceiveWindow: 65_536,
  });
});

Deno.test("transportOptions() makes room for as many paths as were named", () => {
  assert.deepEqual(transportOptions(nothing, 5), { maxConcurrentPaths: 5 });
});
