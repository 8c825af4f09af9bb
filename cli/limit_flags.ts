// The flags that limit the clients of a server.

import type { PeerLimits, ServeOptions } from "../mod.ts";
import { UsageError } from "./failure.ts";
import { type Flag, type FlagValues, listValue, numberValue } from "./flags.ts";

/** What the server's clients may take of it. */
export interface LimitChoices {
  /** Connections at a time; undefined leaves it to the library. */
  readonly maxConnections: number | undefined;
  /** Connections at a time of one address; undefined leaves it to the library. */
  readonly maxConnectionsPerAddress: number | undefined;
  /** Networks of balancers, whose addresses have no limit of their own. */
  readonly exemptNetworks: readonly string[];
}

const MOST_CONNECTIONS = 1_000_000;
/** What looks like an address, or like a network; the library knows whether it is one. */
const NETWORK = /^(\d+\.\d+\.\d+\.\d+|[\da-fA-F.]*:[\da-fA-F.:]*)(\/\d+)?$/;

/** The flags of the server that limit its clients. */
export const limitFlags: readonly Flag[] = [
  {
    name: "max-connections",
    value: "COUNT",
    help: "connections at a time (4096 if left out); then idle ones are closed, or clients refused",
  },
  {
    name: "max-connections-per-address",
    value: "COUNT",
    help: "connections at a time of one address (256 if left out), and of its network four times " +
      "that; more where many clients come and go",
  },
  {
    name: "exempt",
    value: "LIST",
    help: "networks of balancers, as 192.0.2.0/24, by commas: their addresses have no such limit",
  },
];

/**
 * Reads the flags that limit clients.
 *
 * @param given What stood on the command line.
 */
export function readLimitChoices(given: FlagValues): LimitChoices {
  const exemptNetworks = listValue(given, "exempt");
  for (const network of exemptNetworks) {
    if (NETWORK.test(network)) continue;
    throw new UsageError(
      `Cannot use "${network}" for --exempt: give addresses or networks, such as 192.0.2.0/24`,
    );
  }
  return {
    maxConnections: numberValue(given, "max-connections", 1, MOST_CONNECTIONS),
    maxConnectionsPerAddress: numberValue(
      given,
      "max-connections-per-address",
      1,
      MOST_CONNECTIONS,
    ),
    exemptNetworks,
  };
}

/**
 * The library's options for what was chosen on the command line.
 *
 * @param choices What was chosen.
 */
export function limitOptions(
  { maxConnections: total, maxConnectionsPerAddress: perAddress, exemptNetworks }: LimitChoices,
): Pick<ServeOptions, "limits" | "exemptNetworks"> {
  const connections: PeerLimits["connections"] = {
    ...(total && { total }),
    ...(perAddress && { perAddress, perNetwork: 4 * perAddress }),
  };
  return { limits: { connections }, exemptNetworks };
}
