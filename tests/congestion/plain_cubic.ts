import type { CongestionController, ControllerOptions } from "../../src/congestion/controller.ts";
import { Cubic } from "../../src/congestion/cubic.ts";

/** RFC 9438 to the letter: every loss is a sign of congestion. */
class PlainCubic extends Cubic {
  protected override excuses(): boolean {
    return false;
  }
}

/** Makes the controller that the default is compared with. */
export function plainCubic(options: ControllerOptions): CongestionController {
  return new PlainCubic(options);
}
