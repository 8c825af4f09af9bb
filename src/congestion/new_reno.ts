// The congestion controller NewReno (RFC 9002).

import type { CongestionController, ControllerOptions } from "./controller.ts";
import { LossBased } from "./loss_based.ts";

/** The controller of RFC 9002, Section 7 and Appendix B, with HyStart++. */
export class NewReno extends LossBased {
  override readonly name = "new_reno";

  protected override avoid(acked: number, _now: number): void {
    // RFC 9002, Section 7.3.3: one datagram for each window that was acknowledged.
    this.window += this.maxDatagramSize * acked / this.window;
  }

  protected override reduced(_now: number): number {
    return this.window / 2;
  }
}

/**
 * Makes the controller of RFC 9002: one datagram more per round trip, half after a loss.
 *
 * @param options What the network path offers.
 * @returns A controller for one network path.
 *
 * @example Choose it for a connection
 * ```ts
 * import { type CongestionControl, newReno } from "@mpquic/mpquic";
 *
 * const congestionControl: CongestionControl = newReno;
 * ```
 *
 * @category Congestion control
 */
export function newReno(options: ControllerOptions): CongestionController {
  return new NewReno(options);
}
