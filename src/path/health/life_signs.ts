// When a path last answered, and how long it has been silent.

/** Milliseconds of failing sends after which a path counts as unreachable. */
export const UNREACHABLE_AFTER = 1_000;

/**
 * The signs of life of one path. Times in milliseconds.
 *
 * A peer may acknowledge by any path (MPQUIC, Section 3.1), so a path without answers need not be
 * dead: the path that brought the answers may be. What arrives on a path says more.
 *
 * @internal
 */
export class LifeSigns {
  /** When something arrived on the path, or something it carried was acknowledged. */
  seenAt = -Infinity;
  /** When to check whether the path is still quiet. */
  lookAt = Infinity;
  /** When the first probe timeout passed, or the first send failed, that was not answered since. */
  silentSince = Infinity;
  /** When the path was first answered after its last silence; `Infinity` during one. */
  answersSince = -Infinity;
  /** When the last probe timeout passed. */
  timeoutAt = -Infinity;
  /**
   * Since when the path has been silent while another path answers, and for how many probe
   * timeouts.
   */
  aloneSince = Infinity;
  aloneFor = 0;
  /** Probe timeouts since the last acknowledgement or reset of trust. */
  silences = 0;
  /** When a socket first could not send for the path since it last answered. */
  failingSince = Infinity;
  /** The mark of what streams lacked at the last probe timeout. */
  gapMark = 0;
  /** The ID of the path by which its packets were acknowledged last; -1 if they never were. */
  answeredBy = -1;

  /** Something arrived on the path. */
  onSeen(now: number): void {
    this.seenAt = now;
    this.lookAt = Infinity;
  }

  /** Another path was seen: this one is checked at `time`, unless a check is already planned. */
  watchUntil(time: number): void {
    if (this.lookAt === Infinity) this.lookAt = time;
  }

  /** The path was looked at. */
  onLooked(): void {
    this.lookAt = Infinity;
  }

  /** Something that the path carried was acknowledged, by the path of that ID. */
  onAnswered(by: number, now: number): void {
    this.seenAt = now;
    this.silences = 0;
    this.silentSince = Infinity;
    if (this.answersSince === Infinity) this.answersSince = now;
    this.forgive();
    this.failingSince = Infinity;
    this.gapMark = 0;
    this.answeredBy = by;
  }

  onSilence(now: number): void {
    this.silences++;
    if (this.silentSince === Infinity) this.silentSince = now;
    this.answersSince = Infinity;
  }

  /** A probe timeout passed, which {@linkcode onSilence} tells next; whether another path answers. */
  onTimeout(isWitnessed: boolean, now: number): void {
    this.timeoutAt = now;
    if (!isWitnessed) return this.forgive();
    if (this.aloneSince === Infinity) this.aloneSince = now;
    this.aloneFor++;
  }

  /** The path is trusted again. */
  onTrusted(): void {
    this.silences = 0;
  }

  /**
   * Notes what streams lack.
   *
   * @returns Whether they lack the same as at the probe timeout before.
   */
  noteGap(mark: number): boolean {
    const isStuck = mark > 0 && mark === this.gapMark;
    this.gapMark = mark;
    return isStuck;
  }

  /** The path that brought the answers is gone; they will probably come by `next`. */
  onWayGone(next: number | undefined): void {
    if (next !== undefined) this.answeredBy = next;
    this.silentSince = Infinity;
    this.forgive();
  }

  /** The process stood still, so silence does not count. */
  onClockJump(): void {
    this.forgive();
    this.failingSince = Infinity;
  }

  /** The path is not to blame for its silence. */
  forgive(): void {
    this.aloneSince = Infinity;
    this.aloneFor = 0;
  }

  onSendFailed(now: number): void {
    if (this.failingSince === Infinity) this.failingSince = now;
  }

  /** Whether a socket could not send for the path since it last answered. */
  get sendFails(): boolean {
    return this.failingSince < Infinity;
  }

  /** Whether that has been so for long enough to count. */
  isUnreachable(now: number): boolean {
    return now - this.failingSince >= UNREACHABLE_AFTER;
  }
}
