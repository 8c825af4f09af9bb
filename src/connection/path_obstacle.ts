import type { Address } from "../path/address.ts";
import { Stage } from "../path/lifecycle.ts";
import type { Path } from "../path/path.ts";
import { Role } from "../stream/stream_id.ts";
import type { Connection } from "./connection.ts";

/** What keeps a path from being opened or moved: one word for each cause. */
export type PathObstacle =
  /** The connection is over, or about to be. */
  | "ended"
  /** Only clients open and move paths (MPQUIC, Section 3.1; RFC 9000, Section 9). */
  | "server"
  /** The handshake is not confirmed yet (RFC 9000, Section 9). */
  | "unconfirmed"
  /** The path waits for its first answer. */
  | "unopened"
  /** The path is abandoned or closed. */
  | "closed"
  /** The peer did not agree to several paths. */
  | "single"
  /** The peer wants nobody to come to where the handshake was (disable_active_migration). */
  | "forbidden"
  /** The peer's connection ID is empty: it issues no others. */
  | "emptyId"
  /** The peer has issued no connection ID besides the one in use. */
  | "noOtherId"
  /** All connection IDs that the peer has issued are used up, until it issues more. */
  | "usedIds";

/** What keeps a path of a client from moving to another 4-tuple, if anything does. */
export function moveObstacle(
  connection: Connection,
  path: Path,
  remote: Address,
): PathObstacle | undefined {
  const { closing, handshake, peer, role } = connection;
  if (!closing.open) return "ended";
  if (role === Role.Server) return "server";
  if (!handshake.confirmed) return "unconfirmed";
  if (!path.open) return path.stage === Stage.Opening ? "unopened" : "closed";
  if (peer.forbids(remote)) return "forbidden";
  // RFC 9000, Section 9.5: an ID that was seen here must not be seen there.
  const { remote: ids } = path.slot;
  if (ids.hasSpare || (path.candidate === undefined && ids.reserved !== undefined)) {
    return undefined;
  }
  if (ids.known && ids.current.length === 0) return "emptyId";
  return ids.nextSequence <= 1 ? "noOtherId" : "usedIds";
}

/** What keeps a client's path from being opened for good, if anything does. */
export function openObstacle(connection: Connection, remote: Address): PathObstacle | undefined {
  const { handshake, paths, peer } = connection;
  if (!handshake.complete) return undefined; // not known yet
  if (!paths.multipath) return "single";
  return peer.forbids(remote) ? "forbidden" : undefined;
}
