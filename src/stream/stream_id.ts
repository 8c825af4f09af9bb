// Stream IDs: which end opened a stream, and in which directions it carries data.

import type { Role } from "../error/role.ts";

/** The ID of the stream number `index` of its kind (RFC 9000, Section 2.1). */
export function streamId(index: number, initiator: Role, unidirectional: boolean): number {
  return index * 4 + (unidirectional ? 2 : 0) + (initiator === "server" ? 1 : 0);
}

/** The end that opened the stream. */
export function initiatorOf(id: number): Role {
  return (id & 1) === 0 ? "client" : "server";
}

/** Whether data flow in one direction only. */
export function isUnidirectional(id: number): boolean {
  return (id & 2) !== 0;
}

/** How many streams of the same kind come before this one. */
export function streamIndex(id: number): number {
  return Math.floor(id / 4);
}
