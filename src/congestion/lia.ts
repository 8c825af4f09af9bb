import type { CongestionController, ControllerOptions } from "./controller.ts";
import { Coupled } from "./coupled.ts";
import type { CouplingGroup } from "./coupling_group.ts";

/** Linked increases (RFC 6356): together no more aggressive than one flow on the best path. */
export class Lia extends Coupled {
  override readonly name = "lia";

  protected override avoid(acked: number, _now: number): void {
    const bytes = acked * this.maxDatagramSize;
    const coupled = bytes * liaAggressiveness(this.group) / totalWindow(this.group);
    // RFC 6356, Section 3: on no path faster than a flow of its own would be.
    this.add(Math.min(coupled, bytes / this.window));
  }
}

/** The factor `alpha` of RFC 6356, Section 3. */
export function liaAggressiveness(group: CouplingGroup): number {
  let best = 0;
  let rate = 0;
  for (const { window, smoothedRtt } of group.members) {
    if (smoothedRtt <= 0) continue;
    best = Math.max(best, window / (smoothedRtt * smoothedRtt));
    rate += window / smoothedRtt;
  }
  return rate > 0 ? totalWindow(group) * best / (rate * rate) : 1;
}

function totalWindow(group: CouplingGroup): number {
  let total = 0;
  let unmeasured = 0;
  for (const { window, smoothedRtt } of group.members) {
    if (smoothedRtt > 0) total += window;
    else unmeasured += window;
  }
  return total > 0 ? total : unmeasured;
}

/**
 * Makes one of the coupled controllers of RFC 6356. Give all paths of a connection the same group.
 *
 * @param options What the network path offers, and its group.
 * @returns A controller for one network path.
 *
 * @example Choose it for a connection
 * ```ts
 * import { type CongestionControl, lia } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = lia;
 * ```
 */
export function lia(options: ControllerOptions): CongestionController {
  return new Lia(options);
}
