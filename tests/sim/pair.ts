import { Pair as SimulatedPair, type PairOptions } from "../../src/sim/pair.ts";
import { World } from "./world.ts";

export {
  End,
  linkOf,
  ORDINARY_GROUPS,
  ORDINARY_TLS,
  type PairOptions,
} from "../../src/sim/pair.ts";

/** A pair in a world whose seed can be replaced: see `World`. */
export class Pair extends SimulatedPair {
  constructor(options: PairOptions = {}) {
    super({
      ...options,
      world: options.world ?? options.beside?.world ?? new World(options.seed ?? 1),
    });
  }
}
