import type { QlogFactory } from "../../src/qlog/qlog.ts";
import { World as SimulatedWorld } from "../../src/sim/world.ts";
import { seedOf } from "./seed.ts";
import { Traces } from "./trace.ts";

export { type RunOptions, withSeed } from "../../src/sim/world.ts";

/** A world whose seed can be replaced, and whose connections leave traces when a test fails. */
export class World extends SimulatedWorld {
  readonly #traces = new Traces();

  /** `SIM_SEED` in the environment replaces the seed, to replay a run that failed. */
  constructor(seed: number | string = 1) {
    super(seedOf(seed));
  }

  override get qlog(): QlogFactory | undefined {
    return this.#traces.factory;
  }
}
