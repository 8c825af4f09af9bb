/** Milliseconds for which sockets report that nothing can be sent before that is believed for good. */
const UNREACHABLE_AFTER = 1_000;

/**
 * What a path showed of itself. Times in milliseconds.
 *
 * A peer may acknowledge by any path (MPQUIC, Section 3.1), so that a path without answers need not
 * be dead: it may be the way of the answers that is. What arrives on a path says more.
 */
export class LifeSigns {
  /** When something arrived on the path, or something it carried was acknowledged. */
  seenAt = -Infinity;
  /** When to look whether it is still quiet. */
  lookAt = Infinity;
  /** When the first probe timeout passed, or the first send failed, that was not answered since. */
  silentSince = Infinity;
  /** When the last probe timeout passed. */
  timeoutAt = -Infinity;
  /** Since when it is silent while another path answers, and how many probe timeouts. */
  aloneSince = Infinity;
  aloneFor = 0;
  /** Probe timeouts since it answered, or was last relied on anew. */
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

  /** Others were seen: unless that is settled, the path is looked at some time later. */
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
    this.forgive();
    this.failingSince = Infinity;
    this.gapMark = 0;
    this.answeredBy = by;
  }

  onSilence(now: number): void {
    this.silences++;
    if (this.silentSince === Infinity) this.silentSince = now;
  }

  /** A probe timeout passed, which {@linkcode onSilence} tells next; whether another path answers. */
  onTimeout(isWitnessed: boolean, now: number): void {
    this.timeoutAt = now;
    if (!isWitnessed) return this.forgive();
    if (this.aloneSince === Infinity) this.aloneSince = now;
    this.aloneFor++;
  }

  /** It is in doubt no more. */
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

  /** The path is gone that its answers came by; they are likely to come by another now. */
  onWayGone(next: number | undefined): void {
    if (next !== undefined) this.answeredBy = next;
    this.silentSince = Infinity;
    this.forgive();
  }

  /** This process stood still, so that no silence counts. */
  onClockJump(): void {
    this.forgive();
    this.failingSince = Infinity;
  }

  /** Its silence is not its own. */
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
