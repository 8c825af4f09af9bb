// Those who hear of every connection of the program, such as a live view.

import type { Role } from "../error/role.ts";
import type { CloseInfo } from "./options/options.ts";
import type { PathWatcher } from "./path/path_events.ts";
import type { ConnectionStats } from "./stats/connection_stats.ts";
import type { PathStats } from "./stats/path_stats.ts";

/** Makes some members undefined where they are not known, as those of TCP are. */
type Unsure<T, Known extends keyof T, Unknown extends keyof T> =
  & Pick<T, Known>
  & { readonly [Key in Unknown]: T[Key] | undefined };

/** What an observer sees of a path. */
export type ObservedPathStats = Unsure<
  PathStats,
  | "id"
  | "localAddr"
  | "remoteAddr"
  | "status"
  | "health"
  | "minRtt"
  | "latestRtt"
  | "smoothedRtt"
  | "bytesReceived"
  | "bytesSent",
  "congestionWindow" | "bytesInFlight" | "maxDatagramSize" | "packetsLost"
>;

/** A path that an observer sees. */
export interface ObservedPath {
  readonly stats: ObservedPathStats;
}

/** What an observer sees of the counters of a connection. */
export type ObservedStats = Unsure<
  ConnectionStats,
  "bytesReceived" | "bytesSent" | "openStreams",
  "packetsLost"
>;

/** What an observer sees of a connection. */
export interface ObservedFace {
  readonly paths: readonly ObservedPath[];
  readonly stats: ObservedStats;
  readonly remoteAddr: Deno.NetAddr;
  readonly protocol: string | undefined;
  readonly serverName: string | undefined;
  /** Undefined if it tells no more than that it is over. */
  readonly closed: Promise<CloseInfo | undefined>;
}

/** A connection whose handshake is complete. */
export interface ObservedConnection {
  readonly face: ObservedFace;
  readonly role: Role;
  /** Tells of what happens to its paths; returns how to end that. */
  readonly watchPaths: (watcher: PathWatcher) => () => void;
}

/** Hears of connections. */
export type ConnectionObserver = (connection: ObservedConnection) => void;

/**
 * The observers of the program. A program has as many as it has live views: hardly ever more than
 * one, and mostly none, so that connections are not listed anywhere.
 */
const observers = new Set<ConnectionObserver>();

/**
 * Tells of all connections of this thread that come about from now on.
 *
 * @param observer Hears of them, once the handshake is complete.
 * @returns Ends that.
 */
export function observeConnections(observer: ConnectionObserver): () => void {
  observers.add(observer);
  return () => observers.delete(observer);
}

/** A handshake is complete. */
export function announceConnection(
  face: ObservedFace,
  role: Role,
  watchPaths: ObservedConnection["watchPaths"],
): void {
  for (const observer of observers) observer({ face, role, watchPaths });
}
