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
