// What all network paths of a connection are made with.

import type { CongestionControl } from "../../congestion/controller.ts";
import type { CouplingGroup } from "../../congestion/coupling_group.ts";
import type { Random } from "../../crypto/random.ts";

/** What all network paths of a connection are made with. */
export interface NetworkPathOptions {
  readonly congestionControl: CongestionControl;
  /** Datagrams that may leave before the first acknowledgement. */
  readonly initialWindow: number;
  /** Milliseconds assumed before anything is measured. */
  readonly initialRtt: number;
  /** The largest datagram to try. */
  readonly maxDatagramSize: number;
  readonly random: Random;
  readonly group: CouplingGroup;
  /** Whether an address must prove itself before much is sent to it: true for servers. */
  readonly limited: boolean;
  /** Whether to take part in the spin bit. */
  readonly spinBit: boolean;
}
