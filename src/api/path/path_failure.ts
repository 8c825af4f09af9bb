// Errors that say why a path cannot be opened, moved or closed.

import { Readiness } from "../../scheduler/readiness.ts";
import type { PathObstacle } from "../../connection/obstacle.ts";
import { ErrorCode, errorCodeName } from "../../error/error_code.ts";
import { PathError } from "../../error/quic_error.ts";
import type { Path as CorePath } from "../../path/path.ts";

/** The sentence for each obstacle. */
const sentences: Readonly<Record<PathObstacle, string>> = {
  ended: "the connection is closed",
  server: "only the client of a connection can",
  unconfirmed: "the server has not confirmed the handshake yet",
  unopened: "the server has not answered on it yet",
  closed: "it is closed",
  single: "the server uses one path only",
  forbidden: "the server wants no path to the address of the handshake (disable_active_migration)",
  emptyId: "the server uses no connection IDs, so observers could link the two addresses",
  noOtherId: "the server has issued no other connection ID than the one in use",
  usedIds: "every connection ID that the server has issued is used up; try again a little later",
};

/** The error for a path that cannot be moved, or was not. */
export function unmoved(path: CorePath, why: string): PathError {
  return new PathError(ErrorCode.NoViablePath, `Cannot move path ${path.id}: ${why}`);
}

/** The error for a path that cannot be moved because of an obstacle known beforehand. */
export function immovable(path: CorePath, obstacle: PathObstacle): Error {
  const error = unmoved(path, sentences[obstacle]);
  // At a server it is not the path that is wrong, but the call.
  return obstacle === "server" ? new TypeError(error.message) : error;
}

/**
 * The error for a path that cannot be opened.
 *
 * @param obstacle What stands in the way for good, if anything does.
 * @param path What was tried, if it was.
 */
export function unopened(
  code: number,
  obstacle: PathObstacle | undefined,
  path: CorePath | undefined,
): PathError {
  const why = obstacle === undefined ? reasonOf(code, path) : sentences[obstacle];
  return new PathError(code, `Cannot open a path: ${why}`);
}

function reasonOf(code: number, path: CorePath | undefined): string {
  const name = errorCodeName(code);
  if (path?.slot.byPeer) return `the server refused it with ${name}`;
  if (code === ErrorCode.PathUnstableOrPoor) return "nothing answers there";
  if (code === ErrorCode.NoCidAvailableForPath) return "the server took its connection IDs back";
  return name;
}

/** The error for a path that cannot be closed. */
export function unclosable(path: CorePath, others: readonly CorePath[]): PathError {
  const isAlone = !others.some((other) => other !== path && other.readiness >= Readiness.Opening);
  const why = isAlone ? "it is the only one" : "no other path has been answered on yet";
  return new PathError(
    ErrorCode.NoViablePath,
    `Cannot close path ${path.id}: ${why}; close the connection instead`,
  );
}
