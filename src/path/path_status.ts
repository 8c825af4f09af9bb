import { FrameType } from "../frame/frame_type.ts";
import { writePathStatus } from "../frame/multipath.ts";
import type { FrameOwner, FrameSink, SentFrame } from "../frame/sent_frame.ts";
import type { PathStatus } from "../scheduler/scheduler.ts";

/** What each end wants of one path ID (MPQUIC, Section 3.3). */
export class StatusPair implements FrameOwner {
  /** What the peer asked us for. */
  remote: PathStatus = "available";
  /** What we ask the peer for. */
  #local: PathStatus = "available";
  #pending = false;
  #sequence = 0;
  #remoteSequence = -1;
  readonly #pathId: number;

  constructor(pathId: number) {
    this.#pathId = pathId;
  }

  /** What we want of the path. */
  get local(): PathStatus {
    return this.#local;
  }

  /** Whether a frame must be sent. */
  get pending(): boolean {
    return this.#pending;
  }

  /** What to do: a backup for one end is a backup. */
  get effective(): PathStatus {
    return this.#local === "backup" ? "backup" : this.remote;
  }

  /** Changes what we want; the peer is told. */
  set(status: PathStatus): void {
    if (status === this.#local) return;
    this.#local = status;
    this.#sequence++;
    this.#pending = true;
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
    if (!this.#pending || sink.room < 4 + 8 + 8) return;
    const available = this.#local === "available";
    writePathStatus(sink.writer, this.#pathId, this.#sequence, available);
    sink.record(this, FrameType.PathStatusBackup, this.#sequence, 0);
    this.#pending = false;
  }

  onFrameAcked(_frame: SentFrame): void {}

  onFrameLost(frame: SentFrame): void {
    if (frame.start === this.#sequence) this.#pending = true;
  }
}
