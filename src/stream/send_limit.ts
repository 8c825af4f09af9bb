/**
 * Credit the peer gave us: for all data, for one stream's data, or for a number of streams
 * (RFC 9000, Section 4). It only ever grows.
 *
 * @internal
 */
export class SendLimit {
  /** How much the peer allows in all. */
  limit: number;
  /** How much of it is used up. */
  used = 0;
  /** What is left; a field, since each packet asks for it several times. */
  room: number;
  /** Whether the peer ought to be told, once per limit, that we would like to send more. */
  blockedPending = false;
  /** The limit at which we told the peer last. */
  #toldAt = -1;

  constructor(limit = 0) {
    this.limit = this.room = limit;
  }

  /** Takes a limit from the peer; returns whether it is a higher one. */
  raise(limit: number): boolean {
    // RFC 9000, Section 4.1: limits that do not rise come late and mean nothing.
    if (!(limit > this.limit)) return false;
    this.limit = Math.min(limit, Number.MAX_SAFE_INTEGER);
    this.room = this.limit - this.used;
    this.blockedPending = false;
    return true;
  }

  /** Uses up some of the room. */
  use(amount: number): void {
    this.used += amount;
    this.room = this.limit - this.used;
  }

  /** Notes that there is more to send than the limit allows; returns whether that is news. */
  block(): boolean {
    if (this.room > 0 || this.#toldAt === this.limit) return false;
    this.#toldAt = this.limit;
    this.blockedPending = true;
    return true;
  }

  /** The peer was told, or need not be told any more. */
  onBlockedTold(): void {
    this.blockedPending = false;
  }

  /** The frame that said we are blocked at `limit` was lost; returns whether it is still true. */
  onBlockedLost(limit: number): boolean {
    if (limit !== this.limit || this.room > 0) return false;
    this.blockedPending = true;
    return true;
  }

  /** Starts over with nothing used, when the peer threw away all we sent as 0-RTT. */
  restart(limit: number): void {
    this.limit = this.room = limit;
    this.used = 0;
    this.blockedPending = false;
    this.#toldAt = -1;
  }
}
