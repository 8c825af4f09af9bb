// The coupled controller BALIA.

import type { CongestionController, ControllerOptions } from "./controller.ts";
import { Coupled } from "./coupled.ts";

/** No loss takes more than this many halves of the window. */
const MOST_HALVES = 1.5;

/**
 * Balanced linked adaptation (draft-walid-mptcp-congestion-control): between LIA's readiness and
 * OLIA's restraint; a path much slower than the best loses more at a loss.
 */
export class Balia extends Coupled {
  override readonly name = "balia";

  protected override avoid(acked: number, _now: number): void {
    const { window, smoothedRtt, maxDatagramSize } = this;
    const bytes = acked * maxDatagramSize;
    const rate = this.#totalRate();
    if (rate <= 0) return this.add(bytes / window);
    const a = this.#imbalance();
    const coupled = window / (smoothedRtt * smoothedRtt) / (rate * rate);
    this.add(bytes * coupled * ((1 + a) / 2) * ((4 + a) / 5));
  }

  protected override reduced(_now: number): number {
    return this.window - this.window / 2 * Math.min(this.#imbalance(), MOST_HALVES);
  }

  #totalRate(): number {
    let rate = 0;
    for (const path of this.group.members) {
      if (path.smoothedRtt > 0) rate += path.window / path.smoothedRtt;
    }
    return rate;
  }

  /** The best path's rate over this one's; at least 1. */
  #imbalance(): number {
    if (this.smoothedRtt <= 0) return 1;
    const mine = this.window / this.smoothedRtt;
    let best = mine;
    for (const path of this.group.members) {
      if (path.smoothedRtt > 0) best = Math.max(best, path.window / path.smoothedRtt);
    }
    return best / mine;
  }
}

/**
 * Makes one of the coupled controllers known as BALIA. Give all paths of a connection the same
 * group.
 *
 * @param options What the network path offers, and its group.
 * @returns A controller for one network path.
 *
 * @example Choose it for a connection
 * ```ts
 * import { balia, type CongestionControl } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = balia;
 * ```
 *
 * @category Congestion control
 */
export function balia(options: ControllerOptions): CongestionController {
  return new Balia(options);
}
