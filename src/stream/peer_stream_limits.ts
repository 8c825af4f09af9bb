// The limits of streams in the peer's transport parameters.

import type { Role } from "../error/role.ts";
import { initiatorOf, isUnidirectional } from "./stream_id.ts";

/**
 * Limits in the peer's transport parameters (RFC 9000, Section 18.2).
 *
 * @internal
 */
export interface PeerStreamLimits {
  readonly initialMaxData: number;
  /** For streams the peer opens. */
  readonly initialMaxStreamDataBidiLocal: number;
  /** For streams we open. */
  readonly initialMaxStreamDataBidiRemote: number;
  readonly initialMaxStreamDataUni: number;
  readonly initialMaxStreamsBidi: number;
  readonly initialMaxStreamsUni: number;
  /** Whether it understands RESET_STREAM_AT. */
  readonly resetStreamAt?: boolean;
}

/** Before the peer has said anything. */
export const NO_LIMITS: PeerStreamLimits = {
  initialMaxData: 0,
  initialMaxStreamDataBidiLocal: 0,
  initialMaxStreamDataBidiRemote: 0,
  initialMaxStreamDataUni: 0,
  initialMaxStreamsBidi: 0,
  initialMaxStreamsUni: 0,
};

/** What the peer allows at first on a stream that we send on. */
export function initialSendLimit(limits: PeerStreamLimits, id: number, role: Role): number {
  if (isUnidirectional(id)) return limits.initialMaxStreamDataUni;
  return initiatorOf(id) === role
    ? limits.initialMaxStreamDataBidiRemote
    : limits.initialMaxStreamDataBidiLocal;
}
