// The limits on path IDs of both ends (MPQUIC, Section 3.2.1).

import { ErrorCode } from "../error/error_code.ts";
import { TransportError } from "../error/quic_error.ts";
import {
  MAX_PATH_ID,
  PATH_CIDS_BLOCKED,
  PATHS_BLOCKED,
  writeMaxPathId,
  writePathCidsBlocked,
  writePathsBlocked,
} from "../frame/multipath.ts";
import { LARGEST_PATH_ID } from "../frame/path_id.ts";
import { MAX_IDS } from "../limits/limits.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";

/** Connection IDs that a path needs: one to use, one to move. */
const LEAST_IDS = 2;

/**
 * How many path IDs each end allows, and what must be said about it (MPQUIC, Section 4.6, 4.7).
 *
 * @internal
 */
export class PathLimits implements FrameOwner {
  /** The highest path ID we allow. */
  local: number;
  /** The highest path ID the peer allows. */
  remote = 0;
  readonly #initial: number;
  #remoteInitial = 0;
  #isMaxPending = false;
  #pathsBlockedPending = false;
  /** The limit we last complained about. */
  #blockedAt = -1;
  #cidsBlockedPath = -1;
  #cidsBlockedSequence = -1;
  #cidsBlockedPending = false;

  /** @param initial The highest path ID allowed at first; below 0 offers no multipath. */
  constructor(initial: number) {
    this.#initial = initial;
    this.local = Math.max(initial, 0);
  }

  /** Whether we offer more than one path at all. */
  get offered(): boolean {
    return this.#initial > 0;
  }

  /** The highest path ID that both ends allow. */
  get common(): number {
    return Math.min(this.local, this.remote);
  }

  /** The peer's initial_max_path_id. */
  setRemote(limit: number): void {
    this.remote = this.#remoteInitial = limit;
  }

  /** MAX_PATH_ID arrived. MPQUIC, Section 4.6: a limit that is no news is ignored. */
  onMaxPathId(limit: number): void {
    if (limit > LARGEST_PATH_ID || limit < this.#remoteInitial) {
      throw new TransportError(
        ErrorCode.ProtocolViolation,
        `Cannot accept a highest path ID of ${limit}`,
      );
    }
    this.remote = Math.max(this.remote, limit);
  }

  /** One path ID more, since one is used up. */
  raiseLocal(): void {
    if (!this.offered || this.local >= LARGEST_PATH_ID) return;
    this.local++;
    this.#isMaxPending = true;
  }

  /** No path ID is left for another path. */
  notePathsBlocked(): void {
    if (this.#blockedAt === this.remote) return;
    this.#blockedAt = this.remote;
    this.#pathsBlockedPending = true;
  }

  /** The peer gave no connection ID for the next path ID. */
  noteCidsBlocked(pathId: number, nextSequence: number): void {
    if (this.#cidsBlockedPath === pathId && this.#cidsBlockedSequence === nextSequence) return;
    this.#cidsBlockedPath = pathId;
    this.#cidsBlockedSequence = nextSequence;
    this.#cidsBlockedPending = true;
  }

  get pending(): boolean {
    return this.#isMaxPending || this.#pathsBlockedPending || this.#cidsBlockedPending;
  }

  /** Writes what is due, as far as it fits. */
  writeFrames(sink: FrameSink): void {
    if (this.#isMaxPending && sink.room >= 12) {
      writeMaxPathId(sink.writer, this.local);
      sink.record(this, MAX_PATH_ID, this.local, 0);
      this.#isMaxPending = false;
    }
    if (this.#pathsBlockedPending && sink.room >= 12) {
      writePathsBlocked(sink.writer, this.#blockedAt);
      sink.record(this, PATHS_BLOCKED, this.#blockedAt, 0);
      this.#pathsBlockedPending = false;
    }
    if (this.#cidsBlockedPending && sink.room >= 20) {
      writePathCidsBlocked(sink.writer, this.#cidsBlockedPath, this.#cidsBlockedSequence);
      sink.record(this, PATH_CIDS_BLOCKED, this.#cidsBlockedPath, 0);
      this.#cidsBlockedPending = false;
    }
  }

  onFrameAcked(_frame: SentFrame): void {}

  /** What was lost is said again if it is still true. */
  onFrameLost(frame: SentFrame): void {
    if (frame.kind === MAX_PATH_ID) {
      if (frame.start === this.local) this.#isMaxPending = true;
    } else if (frame.kind === PATHS_BLOCKED) {
      if (frame.start === this.remote) this.#pathsBlockedPending = true;
    } else if (frame.start === this.#cidsBlockedPath) {
      this.#cidsBlockedPending = true;
    }
  }
}

/** How many connection IDs one of so many paths may have. */
export function idsPerPath(wanted: number, maxPaths: number): number {
  return Math.min(wanted, Math.max(LEAST_IDS, Math.floor(MAX_IDS / maxPaths)));
}
