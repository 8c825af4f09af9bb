// The coupled congestion controller OLIA.

import type { CongestionController, ControllerOptions } from "./controller.ts";
import { Coupled } from "./coupled.ts";
import type { CoupledPath, CouplingGroup } from "./coupling_group.ts";

/**
 * Opportunistic linked increases (draft-khalili-mptcp-congestion-control): like LIA, but it moves
 * window from the paths that have the most to the paths that lose the least.
 */
export class Olia extends Coupled {
  override readonly name = "olia";

  protected override avoid(acked: number, _now: number): void {
    const { group, window, smoothedRtt } = this;
    let rate = 0;
    for (const path of group.members) {
      if (path.smoothedRtt > 0) rate += path.window / path.smoothedRtt;
    }
    const coupled = rate > 0 ? window / (smoothedRtt * smoothedRtt) / (rate * rate) : 1 / window;
    this.add(acked * this.maxDatagramSize * (coupled + oliaShift(group, this) / window));
  }
}

/**
 * The term `alpha` for one path: above 0 for paths that are good but small, below 0 for the largest
 * ones while there are such, else 0. Over all paths it adds up to 0.
 */
export function oliaShift(group: CouplingGroup, path: CoupledPath): number {
  let largest = 0;
  let best = 0;
  let paths = 0;
  for (const member of group.members) {
    if (member.smoothedRtt <= 0) continue;
    paths++;
    largest = Math.max(largest, member.window);
    best = Math.max(best, quality(member));
  }
  let largestCount = 0;
  let promisingCount = 0;
  for (const member of group.members) {
    if (member.smoothedRtt <= 0) continue;
    if (member.window === largest) largestCount++;
    else if (quality(member) === best) promisingCount++;
  }
  if (promisingCount === 0 || path.smoothedRtt <= 0) return 0;
  if (path.window === largest) return -1 / (paths * largestCount);
  return quality(path) === best ? 1 / (paths * promisingCount) : 0;
}

/** How much a path delivers between losses, for its round-trip time. */
function quality(path: CoupledPath): number {
  return path.lossInterval / (path.smoothedRtt * path.smoothedRtt);
}

/**
 * Makes one of the coupled controllers known as OLIA. Give all paths of a connection the same group.
 *
 * @param options What the network path offers, and its group.
 * @returns A controller for one network path.
 *
 * @example Choose it for a connection
 * ```ts
 * import { type CongestionControl, olia } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = olia;
 * ```
 *
 * @category Congestion control
 */
export function olia(options: ControllerOptions): CongestionController {
  return new Olia(options);
}
