// The coupled congestion controller LIA (RFC 6356).

import type { CongestionController, ControllerOptions } from "./controller.ts";
import { Coupled } from "./coupled.ts";
import type { CoupledPath } from "./coupling_group.ts";

/** Linked increases (RFC 6356): together no more aggressive than one flow on the best path. */
export class Lia extends Coupled {
  override readonly name = "lia";

  protected override avoid(acked: number, _now: number): void {
    this.add(linkedIncrease(this, this.group.members, acked, this.maxDatagramSize));
  }
}

/** Bytes that a window of coupled paths grows by when `acked` bytes arrived on it. */
export function linkedIncrease(
  path: CoupledPath,
  together: readonly CoupledPath[],
  acked: number,
  maxDatagramSize: number,
): number {
  const bytes = acked * maxDatagramSize;
  const coupled = bytes * liaAggressiveness(together) / totalWindow(together);
  // RFC 6356, Section 3: on no path faster than a flow of its own would be.
  return Math.min(coupled, bytes / path.window);
}

/** The factor `alpha` of RFC 6356, Section 3. */
export function liaAggressiveness(together: readonly CoupledPath[]): number {
  let best = 0;
  let rate = 0;
  for (const { window, smoothedRtt } of together) {
    if (smoothedRtt <= 0) continue;
    best = Math.max(best, window / (smoothedRtt * smoothedRtt));
    rate += window / smoothedRtt;
  }
  return rate > 0 ? totalWindow(together) * best / (rate * rate) : 1;
}

function totalWindow(together: readonly CoupledPath[]): number {
  let total = 0;
  let unmeasured = 0;
  for (const { window, smoothedRtt } of together) {
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
 *
 * @category Congestion control
 */
export function lia(options: ControllerOptions): CongestionController {
  return new Lia(options);
}
