import { CouplingGroup } from "../congestion/coupling_group.ts";
import type { Random } from "../crypto/random.ts";
import type { NetworkPathOptions } from "../path/network_path_options.ts";
import { Role } from "../stream/stream_id.ts";
import type { TransportConfig } from "./config.ts";

/** What all network paths of one connection are made with. */
export function networkOptions(
  role: Role,
  config: TransportConfig,
  random: Random,
): NetworkPathOptions {
  const { congestionControl, initialWindow, initialRtt, maxDatagramSize } = config;
  return {
    congestionControl,
    initialWindow,
    initialRtt,
    maxDatagramSize,
    random,
    group: new CouplingGroup(),
    limited: role === Role.Server,
    spinBit: config.spinBit,
  };
}
