// A path ID: its connection IDs, its status and its abandonment.

import { PATH_ABANDON, writePathAbandon } from "../../frame/multipath.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import { type IdIssuer, LocalIds } from "./local_ids.ts";
import { StatusPair } from "./path_status.ts";
import { RemoteIds, type ResetWatch } from "./remote_ids.ts";

/** Makes our connection IDs, and hears which resets of the peer count; the endpoint is one. */
export interface IdSource extends IdIssuer, ResetWatch {}

/** What a path slot needs of its path. */
export interface SlotUser {
  /** Whether the peer was heard on it. */
  readonly heard: boolean;
}

/**
 * What a path ID has before, while and after a path is open on it: the connection IDs of both
 * ends, their wishes, and how far its abandonment has come.
 *
 * @internal
 */
export class PathSlot<Path extends SlotUser> implements FrameOwner {
  readonly id: number;
  readonly local: LocalIds;
  readonly remote: RemoteIds;
  readonly status: StatusPair;
  /** Why it was abandoned, by either end; -1 while it was not. */
  abandonCode = -1;
  #path: Path | undefined = undefined;
  #isByPeer = false;
  #isAbandonPending = false;
  #isAbandonAnswered = false;
  /** Whether the peer has our PATH_ABANDON. */
  #isAbandonHeard = false;
  #lifetime = 0;
  /** When nothing late is to be expected any more. */
  #quietAt = Infinity;

  constructor(id: number, issuer: IdSource, remoteIdLimit: number) {
    this.id = id;
    this.local = new LocalIds(id, issuer);
    this.remote = new RemoteIds(id, remoteIdLimit, issuer);
    this.status = new StatusPair(id);
  }

  /** The path, once it is open. */
  get path(): Path | undefined {
    return this.#path;
  }

  /** A path is open on this path ID. */
  carry(path: Path): void {
    this.#path = path;
    this.remote.begin();
  }

  /** Whether it was the peer that abandoned it first. */
  get byPeer(): boolean {
    return this.#isByPeer;
  }

  /** The peer abandons the path ID; it may be the first to do so. */
  onPeerWish(): void {
    if (!this.abandoned) this.#isByPeer = true;
  }

  /** From now on frames name the path, path 0 too (MPQUIC, Section 3.2). */
  enableMultipath(): void {
    this.local.namePath();
    this.remote.namePath();
  }

  get abandoned(): boolean {
    return this.abandonCode >= 0;
  }

  /**
   * Whether a path can be opened: both ends have issued connection IDs, and the path ID is unused.
   */
  get openable(): boolean {
    return this.#path === undefined && !this.abandoned && this.local.issued && this.remote.usable;
  }

  /** Whether frames wait. */
  get pending(): boolean {
    if (this.#isAbandonPending || this.local.pendingCount > 0 || this.remote.pending) return true;
    return this.status.pending && !this.#isNews;
  }

  /**
   * Whether the peer may not know the path yet. Some peers forget a status that arrives before the
   * first packet of its path, so the status travels with that packet.
   */
  get #isNews(): boolean {
    return this.#path !== undefined && !this.#path.heard;
  }

  /**
   * Abandons the path ID, by our decision or as an answer (MPQUIC, Section 3.4).
   *
   * @param lifetime Milliseconds for which late packets are still understood: 3 PTO.
   * @returns Whether it was not abandoned before.
   */
  abandon(code: number, lifetime: number): boolean {
    if (this.abandoned) return false;
    this.abandonCode = code;
    this.#lifetime = lifetime;
    this.#isAbandonPending = true;
    this.local.close();
    this.remote.close();
    return true;
  }

  /** The peer abandons the path ID as well, or first; the countdown begins. */
  onPeerAbandon(now: number): void {
    this.#isAbandonAnswered = true;
    this.#quietAt = Math.min(this.#quietAt, now + this.#lifetime);
  }

  /** No packet is sent or understood any more. */
  release(): void {
    this.local.release();
    this.remote.close();
  }

  /** Without an answer, our own frame's acknowledgement starts the countdown. */
  countDown(now: number): void {
    if (this.#quietAt === Infinity) this.#quietAt = now + this.#lifetime;
  }

  /**
   * When all of it is forgotten. MPQUIC, Section 4.2: not before the peer has our PATH_ABANDON,
   * which is repeated until then, as it may wait for it to forget the path itself.
   */
  get removeAt(): number {
    return this.#isAbandonHeard ? this.#quietAt : Infinity;
  }

  /** Whether our PATH_ABANDON arrived and the countdown has not begun. */
  acknowledged = false;

  /**
   * Writes what the path ID has to tell, as far as it fits.
   *
   * @param isOwn Whether the packet leaves on the path itself.
   */
  writeFrames(sink: FrameSink, isOwn = false): void {
    this.#writeAbandon(sink);
    if (this.abandoned) return;
    if (isOwn || !this.#isNews) this.status.writeFrames(sink);
    this.remote.writeFrames(sink);
    this.local.writeFrames(sink);
  }

  /** Also writes what the peer must know of a broken path and has not acknowledged. */
  writeUnheard(sink: FrameSink): void {
    if (!this.abandoned) return this.status.writeUnheard(sink);
    if (this.#isAbandonAnswered || this.#isAbandonHeard) return;
    const isDue = this.#isAbandonPending;
    this.#isAbandonPending = true;
    this.#writeAbandon(sink);
    this.#isAbandonPending = isDue;
  }

  #writeAbandon(sink: FrameSink): void {
    if (!this.#isAbandonPending || sink.room < 4 + 8 + 8) return;
    writePathAbandon(sink.writer, this.id, this.abandonCode);
    sink.record(this, PATH_ABANDON, 0, 0);
    this.#isAbandonPending = false;
  }

  onFrameAcked(_frame: SentFrame): void {
    this.#isAbandonHeard = true;
    this.#isAbandonPending = false;
    if (!this.#isAbandonAnswered) this.acknowledged = true;
  }

  onFrameLost(_frame: SentFrame): void {
    if (!this.#isAbandonHeard) this.#isAbandonPending = true;
  }
}
