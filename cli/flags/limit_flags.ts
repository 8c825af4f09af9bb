// The flags that limit the clients of a server.

import type { PeerLimits, ServeOptions } from "../../mod.ts";
import { UsageError } from "../console/failure.ts";
import { bytesValue, timeValue } from "./amounts.ts";
import { type Flag, type FlagValues, listValue, numberValue } from "./flags.ts";

/** What the server's clients may take of it; undefined leaves it to the library. */
export interface LimitChoices {
  /** Connections at a time. */
  readonly maxConnections: number | undefined;
  /** Connections at a time of one address. */
  readonly maxConnectionsPerAddress: number | undefined;
  /** Handshakes that are open at a time. */
  readonly maxHandshakes: number | undefined;
  /** Requests of a connection at a time. */
  readonly maxRequests: number | undefined;
  /** Milliseconds of silence after which a connection ends. */
  readonly idleTimeout: number | undefined;
  /** Milliseconds that a client may send nothing of a body, or take nothing. */
  readonly bodyTimeout: number | undefined;
  /** Bytes a second that bodies must have on average. */
  readonly minBodyRate: number | undefined;
  /** Networks of balancers, whose addresses have no limit of their own. */
  readonly exemptNetworks: readonly string[];
}

const MOST_CONNECTIONS = 1_000_000;
/** Streams that a client may open cost memory when it opens them, so there is an end to them. */
const MOST_REQUESTS = 10_000;
/** Milliseconds that every client needs. */
const SHORTEST_TIMEOUT = 1_000;
/** What looks like an address, or like a network; the library knows whether it is one. */
const NETWORK = /^(\d+\.\d+\.\d+\.\d+|[\da-fA-F.]*:[\da-fA-F.:]*)(\/\d+)?$/;

/** The flags of the server that limit its clients. */
export const limitFlags: readonly Flag[] = [
  {
    name: "max-connections",
    value: "COUNT",
    help:
      "most connections at a time (default: 4096); beyond, idle ones are closed or clients refused",
  },
  {
    name: "max-connections-per-address",
    value: "COUNT",
    help: "most connections at a time of one address (default: 256); its network may have four " +
      "times as many",
  },
  {
    name: "max-handshakes",
    value: "COUNT",
    help: "most connections at a time that are being made (default: 1024)",
  },
  {
    name: "max-requests",
    value: "COUNT",
    help: "most requests at a time of one connection (default: 100)",
  },
  {
    name: "idle-timeout",
    value: "TIME",
    help: "silence after which a connection is given up (default: 30s)",
  },
  {
    name: "body-timeout",
    value: "TIME",
    help: "how long a client may send nothing of its upload, or take nothing of its download " +
      "(default: 60s)",
  },
  {
    name: "min-body-rate",
    value: "RATE",
    help: "least bytes a second of uploads and downloads, on average: 500 or 2k (default: none)",
  },
  {
    name: "trusted-proxy",
    short: "exempt",
    value: "LIST",
    help: "comma-separated networks of balancers, such as 192.0.2.0/24, whose addresses have no " +
      "limit of their own",
  },
];

/**
 * Reads the flags that limit clients.
 *
 * @param given What stood on the command line.
 */
export function readLimitChoices(given: FlagValues): LimitChoices {
  const exemptNetworks = listValue(given, "trusted-proxy");
  for (const network of exemptNetworks) {
    if (NETWORK.test(network)) continue;
    throw new UsageError(
      `Cannot use "${network}" for --trusted-proxy: give addresses or networks, such as 192.0.2.0/24`,
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
    maxHandshakes: numberValue(given, "max-handshakes", 1, MOST_CONNECTIONS),
    maxRequests: numberValue(given, "max-requests", 1, MOST_REQUESTS),
    idleTimeout: timeValue(given, "idle-timeout", SHORTEST_TIMEOUT),
    bodyTimeout: timeValue(given, "body-timeout", SHORTEST_TIMEOUT),
    minBodyRate: bytesValue(given, "min-body-rate", "bytes a second"),
    exemptNetworks,
  };
}

/** The options of the library that limit clients. */
type LimitOptions = Pick<
  ServeOptions,
  | "bodyTimeout"
  | "exemptNetworks"
  | "limits"
  | "maxConcurrentBidirectionalStreams"
  | "maxConcurrentHandlers"
  | "maxIdleTimeout"
  | "minBodyRate"
>;

/**
 * The library's options for what was chosen on the command line.
 *
 * @param choices What was chosen.
 */
export function limitOptions(choices: LimitChoices): LimitOptions {
  const { maxConnections: total, maxConnectionsPerAddress: perAddress, maxHandshakes } = choices;
  const { bodyTimeout, exemptNetworks, idleTimeout, maxRequests, minBodyRate } = choices;
  const connections: PeerLimits["connections"] = {
    ...(total && { total }),
    ...(perAddress && { perAddress, perNetwork: 4 * perAddress }),
  };
  return {
    limits: { connections, ...(maxHandshakes && { handshakes: { total: maxHandshakes } }) },
    exemptNetworks,
    // A request that waits in its stream takes as much of the server as one that is handled.
    ...(maxRequests && {
      maxConcurrentBidirectionalStreams: maxRequests,
      maxConcurrentHandlers: maxRequests,
    }),
    ...(idleTimeout && { maxIdleTimeout: idleTimeout }),
    ...(bodyTimeout && { bodyTimeout }),
    ...(minBodyRate && { minBodyRate }),
  };
}
