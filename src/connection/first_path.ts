// Path 0, on which the handshake takes place.

import type { ConnectionId } from "../packet/connection_id.ts";
import { Stage } from "../path/health/lifecycle.ts";
import type { Path } from "../path/path.ts";
import type { PathSet } from "../path/path_set.ts";
import type { PacketSpace } from "../recovery/packet_space.ts";
import type { ConnectionOptions } from "./options.ts";

/** Path 0 with the connection IDs that the peer learns during the handshake. */
export interface FirstPath {
  readonly path: Path;
  /** The ID by which the peer reaches this end during the handshake. */
  readonly own: ConnectionId;
  /** A server: the ID that goes with its preferred address. */
  readonly preferred: ConnectionId | undefined;
}

/**
 * Opens path 0.
 *
 * @param spaces The spaces of Initial and Handshake packets, which path 0 looks after as well.
 */
export function openFirstPath(
  paths: PathSet,
  options: ConnectionOptions,
  spaces: readonly PacketSpace[],
  now: number,
): FirstPath {
  const { config, ids, originalId, port, remote, role } = options;
  const own = ids.issue(0);
  const path = paths.start(port, remote, spaces);
  path.slot.local.adopt(own);
  path.advance(Stage.Open);
  // The address of a server is proven by its answering, that of a client only later, or by a token.
  if (role === "client" || options.validated === true) path.current.prove();
  if (role === "client") path.slot.remote.adopt(originalId);
  path.loss.restart(now);
  const offers = role === "server" && config.preferredAddress !== undefined;
  const preferred = offers ? ids.issue(0) : undefined;
  // RFC 9000, Section 5.1.1: its sequence number is 1.
  if (preferred !== undefined) path.slot.local.adopt(preferred);
  return { path, own, preferred };
}
