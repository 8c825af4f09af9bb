import fc from "fast-check";
import { play, scenarios } from "./scenario.ts";
import type { Target } from "./target.ts";

/** Whole connections. */
export const connectionTargets: readonly Target[] = [
  {
    name:
      "A connection brings every byte over, whatever both ends and the network do [attack anything-else]",
    runs: 300,
    property: fc.property(scenarios, (scenario) => play(scenario)),
  },
];
