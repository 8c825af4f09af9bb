// The flags of a server that is one of several: its secret, its name, its connection IDs.

import { UsageError } from "../console/failure.ts";
import { type Flag, type FlagValues, numberValue, textValue } from "./flags.ts";

const MOST_WORKERS = 16;

/** What a server shares with others, and what tells it apart. */
export interface FleetChoices {
  /** How many threads serve; undefined if the main one does. */
  readonly workers: number | "auto" | undefined;
  /** The file of the secret; undefined if the private key has to do. */
  readonly secretFile: string | undefined;
  /** The name of the server in connection IDs. */
  readonly serverId: Uint8Array | undefined;
  /** The file of what balancers know of connection IDs. */
  readonly cidConfig: string | undefined;
}

/** The flags for that. */
export const fleetFlags: readonly Flag[] = [
  {
    name: "workers",
    value: "COUNT",
    help:
      "threads that serve, up to 16, or auto for one on each processor; SIGUSR2 replaces them " +
      "one by one (default: the main thread serves); limits, such as --max-connections, hold for " +
      "each thread",
  },
  {
    name: "secret-file",
    value: "FILE",
    help: "the secret that all servers of the service share; made if it is not there",
  },
  {
    name: "server-id",
    value: "HEX",
    help: "the name of this server in connection IDs, for balancers, with --cid-config",
  },
  {
    name: "cid-config",
    value: "FILE",
    help: "how connection IDs are written (JSON), as balancers read them, with --server-id",
  },
];

/**
 * Reads these flags.
 *
 * @param given What stood on the command line.
 */
export function readFleetChoices(given: FlagValues): FleetChoices {
  const cidConfig = textValue(given, "cid-config");
  const serverId = readServerId(textValue(given, "server-id"));
  if ((cidConfig === undefined) !== (serverId === undefined)) {
    const [one, other] = cidConfig === undefined
      ? ["server-id", "cid-config FILE"]
      : ["cid-config", "server-id HEX"];
    throw new UsageError(`Cannot use --${one} alone: give --${other} with it`);
  }
  const workers = textValue(given, "workers") === "auto"
    ? "auto"
    : numberValue(given, "workers", 1, MOST_WORKERS);
  return { workers, secretFile: textValue(given, "secret-file"), serverId, cidConfig };
}

function readServerId(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (/^(?:[\da-fA-F]{2}){1,11}$/.test(text)) return Uint8Array.fromHex(text);
  throw new UsageError(
    `Cannot use "${text}" for --server-id: give one to eleven bytes in hexadecimal, such as 0a1b2c3d`,
  );
}
