import assert from "node:assert/strict";
import { RandomScenario } from "./random_scenario.ts";
import { seedOf } from "./seed.ts";

/** How many scenarios run; `SIM_COUNT=10000` runs more, `SIM_SEED=17` that one alone. */
const count = Number(Deno.env.get("SIM_COUNT") ?? 150);

Deno.test("Any scenario ends with all bytes in their places, or an orderly close", () => {
  const single = Deno.env.get("SIM_SEED");
  const seeds = single === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [single];
  for (const seed of seeds) {
    try {
      new RandomScenario(seed).run();
    } catch (error) {
      throw new Error(`${(error as Error).message} (replay with SIM_SEED=${seed})`, {
        cause: error,
      });
    }
  }
});

Deno.test("A scenario leaves the same trace whenever it runs", () => {
  for (const seed of [seedOf(11), 12, 13]) {
    const digests = [1, 2].map(() => {
      const scenario = new RandomScenario(seed);
      scenario.run();
      return scenario.trace;
    });
    assert.equal(digests[0], digests[1], `seed ${seed}`);
  }
});
