// What connecting and listening need of the connection that they give to an application.

import type { Connection } from "../connection/connection.ts";
import type { UpkeepTarget } from "./path_upkeep.ts";
import type { Hub } from "./hub.ts";
import type { CloseInfo } from "./options/options.ts";

/** What connecting and listening need of the connection that they give to an application. */
export interface ConnectionFace extends UpkeepTarget {
  /** Settles when the handshake is complete. */
  readonly handshake: Promise<unknown>;
  /** Settles when the connection has ended. */
  readonly closed: Promise<unknown>;
  readonly remoteAddr: Deno.NetAddr;
  /** Whether both ends agreed on several paths. */
  readonly multipath: boolean;
  close(info?: CloseInfo): void;
}

/** Makes the public face of a connection. */
export type MakeConnection<Face extends ConnectionFace> = (core: Connection, hub: Hub) => Face;
