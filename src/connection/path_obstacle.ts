// Tells why a path cannot be opened, moved or closed.

import { Readiness } from "../scheduler/readiness.ts";
import type { Role } from "../error/role.ts";
import type { PathObstacle } from "./obstacle.ts";
import type { Address } from "../path/address/address.ts";
import { Stage } from "../path/health/lifecycle.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import type { Closing } from "./closing.ts";
import type { Handshake } from "./handshake/handshake.ts";
import type { Peer } from "./parameters/peer.ts";

/** What must be known of a connection to tell. */
export interface PathWorld {
  readonly role: Role;
  readonly closing: Closing;
  readonly handshake: Handshake;
  readonly paths: PathSet;
  readonly peer: Peer;
}

/** What keeps a path of a client from moving to another 4-tuple, if anything does. */
export function moveObstacle(
  connection: PathWorld,
  path: Path,
  remote: Address,
): PathObstacle | undefined {
  const { closing, handshake, peer, role } = connection;
  if (!closing.open) return "ended";
  if (role === "server") return "server";
  if (!handshake.confirmed) return "unconfirmed";
  if (path.readiness < Readiness.Open) return path.stage === Stage.Opening ? "unopened" : "closed";
  if (peer.forbids(remote)) return "forbidden";
  // RFC 9000, Section 9.5: an ID that was seen here must not be seen there.
  const { remote: ids } = path.slot;
  if (ids.hasSpare || (path.route.candidate === undefined && ids.reserved !== undefined)) {
    return undefined;
  }
  if (ids.known && ids.current.length === 0) return "emptyId";
  return ids.nextSequence <= 1 ? "noOtherId" : "usedIds";
}

/** What keeps a client's path from being opened for good, if anything does. */
export function openObstacle(connection: PathWorld, remote: Address): PathObstacle | undefined {
  const { handshake, paths, peer } = connection;
  if (!handshake.complete) return undefined; // not known yet
  if (!paths.multipath) return "single";
  return peer.forbids(remote) ? "forbidden" : undefined;
}
