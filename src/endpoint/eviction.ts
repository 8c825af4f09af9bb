// Closes a connection that has to give way to others.

import type { Connection } from "../connection/connection.ts";
import { ErrorCode } from "../error/error_code.ts";
import { IDLE_BEFORE_CLOSE } from "../limits/limits.ts";
import type { Resource } from "../limits/share.ts";
import { isUnidirectional } from "../stream/stream_id.ts";

/**
 * Whether nothing would be missed if a connection ended: no request is under way, nothing waits to be
 * sent, and its peer has been quiet for some time.
 */
export function isUnused({ handshake, idle, streams }: Connection, now: number): boolean {
  if (!handshake.complete || idle.heardAt + IDLE_BEFORE_CLOSE > now) return false;
  if (streams.views.length > 0) return false;
  for (const { id } of streams.all()) if (!isUnidirectional(id)) return false;
  return true;
}

/** Ends a connection that has to give way to others, and tells its peer why. */
export function evict(connection: Connection, resource: Resource, now: number): void {
  const { account, closing, handshake } = connection;
  const { overloadCode } = account;
  if (!handshake.complete) {
    closing.giveWay(ErrorCode.ConnectionRefused, false, "Too many handshakes are open", now);
  } else if (resource === "connections" && isUnused(connection, now)) {
    closing.giveWay(ErrorCode.NoError, false, "Others need the room of an idle connection", now);
  } else {
    const reason = "Too much is held for this peer, and others need room";
    const isApplication = overloadCode !== undefined;
    closing.giveWay(overloadCode ?? ErrorCode.InternalError, isApplication, reason, now);
  }
}
