// What all network paths of one connection are made with.

import { CouplingGroup } from "../congestion/coupling_group.ts";
import type { Random } from "../crypto/random.ts";
import type { Role } from "../error/role.ts";
import type { NetworkPathOptions } from "../path/network/network_path_options.ts";
import type { TransportConfig } from "./config.ts";

/** What all network paths of one connection are made with. */
export function networkOptions(
  role: Role,
  config: TransportConfig,
  random: Random,
): NetworkPathOptions {
  const { congestionControl, initialCongestionWindow, initialRtt, maxDatagramSize } = config;
  return {
    congestionControl,
    initialWindow: initialCongestionWindow,
    initialRtt,
    maxDatagramSize,
    random,
    group: new CouplingGroup(),
    limited: role === "server",
    spinBit: config.spinBit,
  };
}
