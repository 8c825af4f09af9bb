// The status of one path ID: what each end wants of it (MPQUIC, Section 3.3).

import { PATH_STATUS_BACKUP, writePathStatus } from "../../frame/multipath.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../../frame/sent_frame.ts";
import type { PathStatus } from "../../scheduler/scheduler.ts";

/** What each end wants of one path ID (MPQUIC, Section 3.3). */
export class StatusPair implements FrameOwner {
  /** What the peer asked us for. */
  remote: PathStatus = "available";
  /** Whether a frame must be sent. */
  pending = false;
  /** What our application wants. */
  #local: PathStatus = "available";
  #isSuspect = false;
  #isNeeded = false;
  /** What the peer was told last, or is about to be. */
  #told: PathStatus = "available";
  #sequence = 0;
  /** The last number that the peer acknowledged. */
  #heard = 0;
  #remoteSequence = -1;
  readonly #pathId: number;

  constructor(pathId: number) {
    this.#pathId = pathId;
  }

  /** What our application wants of the path. */
  get local(): PathStatus {
    return this.#local;
  }

  /** What to do: a backup for one end is a backup. */
  get effective(): PathStatus {
    return this.#local === "backup" ? "backup" : this.remote;
  }

  /** Changes what we want; the peer is told. */
  set(status: PathStatus): void {
    this.#local = status;
    this.#tell();
  }

  /**
   * The path does not answer, or does again. MPQUIC, Section 3.3: the peer is asked to avoid it
   * meanwhile, or its own data would have to get lost there first.
   */
  doubt(doubtful: boolean): void {
    this.#isSuspect = doubtful;
    this.#tell();
  }

  /**
   * No path is left that we would rather use, or there is one again. MPQUIC, Section 3.3: the peer
   * hears that as well; with nothing but backups it could just as well choose the broken path.
   */
  need(needed: boolean): void {
    if (needed === this.#isNeeded) return;
    this.#isNeeded = needed;
    this.#tell();
  }

  #tell(): void {
    const status = this.#isSuspect ? "backup" : this.#isNeeded ? "available" : this.#local;
    if (status === this.#told) return;
    this.#told = status;
    this.#sequence++;
    this.pending = true;
  }

  /** The peer spoke. MPQUIC, Section 4.3: older or repeated numbers are ignored. */
  onStatus(sequence: number, available: boolean): boolean {
    if (sequence <= this.#remoteSequence) return false;
    this.#remoteSequence = sequence;
    this.remote = available ? "available" : "backup";
    return true;
  }

  /** Writes the newest status, if it is due and fits. */
  writeFrames(sink: FrameSink): void {
    if (!this.pending || sink.room < 4 + 8 + 8) return;
    const available = this.#told === "available";
    writePathStatus(sink.writer, this.#pathId, this.#sequence, available);
    sink.record(this, PATH_STATUS_BACKUP, this.#sequence, 0);
    this.pending = false;
  }

  /** Also writes the newest status if the peer has not acknowledged it; it stays due. */
  writeUnheard(sink: FrameSink): void {
    if (this.#heard === this.#sequence) return;
    const isDue = this.pending;
    this.pending = true;
    this.writeFrames(sink);
    this.pending = isDue;
  }

  onFrameAcked(frame: SentFrame): void {
    this.#heard = Math.max(this.#heard, frame.start);
  }

  onFrameLost(frame: SentFrame): void {
    if (frame.start === this.#sequence && frame.start > this.#heard) this.pending = true;
  }
}
