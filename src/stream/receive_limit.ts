// The credit that this end gives to the peer.

/**
 * Bytes that may always lie unread, so that an application that reads more slowly than the peer
 * sends never waits.
 */
const SPARE = 131_072;

/** How a {@linkcode ReceiveLimit} grows. */
export interface ReceiveLimitOptions {
  /** How far the limit is ahead of what was consumed, at first. */
  readonly window: number;
  /**
   * How far it may ever be ahead.
   *
   * @default {window}
   */
  readonly maxWindow?: number;
  /**
   * The share of the window by which the limit must be able to rise before the peer is told.
   *
   * @default {0.25}
   */
  readonly patience?: number;
  /**
   * Credit that stays for the peer while nothing is consumed, as long as the window can grow:
   * unread data of some streams must not silence the others.
   *
   * @default {0}
   */
  readonly reserve?: number;
  /**
   * How far the window may grow for that: what is unread costs memory, and only what is consumed
   * shows that it is wanted.
   *
   * @default {maxWindow}
   */
  readonly maxUnread?: number;
  /**
   * How many more bytes may be held for the peer: a window that widens is a promise to hold them.
   *
   * @default {Infinity}
   */
  readonly memory?: { readonly room: number } | undefined;
}

/**
 * Credit that we give to the peer: for all data, for the data of one stream, or for a number of
 * streams (RFC 9000, Section 4). The limit rises as the application consumes, and the window widens
 * by itself if it is too narrow for the rate and the round-trip time.
 *
 * @internal
 */
export class ReceiveLimit {
  /** What the peer was told: how much it may send in all. */
  limit: number;
  /** How far the limit goes beyond what was consumed. */
  window: number;
  /** How far it may go. */
  readonly maxWindow: number;
  /**
   * Upper bound of the window as long as nothing was consumed; the owner raises it for streams that
   * it opens.
   */
  maxUnread: number;
  /** How much came in (bytes count once, up to the highest offset). */
  received = 0;
  /** How much was read or thrown away. */
  consumed = 0;
  /** Whether the peer ought to be told a higher limit. */
  pending = false;
  readonly #patience: number;
  readonly #reserve: number;
  readonly #memory: { readonly room: number };
  /** When the limit was raised last, and what was consumed by then. */
  #raisedAt = -1;
  #consumedThen = 0;
  /** What lay unread at least, since the limit was raised last. */
  #leastUnread = Infinity;
  /** The same since `#judgedAt`, when it was last looked at whether the window is too wide. */
  #leastUnreadOfPeriod = Infinity;
  #judgedAt = -1;

  constructor(options: ReceiveLimitOptions) {
    this.window = options.window;
    this.limit = options.window;
    this.maxWindow = Math.max(options.window, options.maxWindow ?? options.window);
    this.maxUnread = options.maxUnread ?? this.maxWindow;
    this.#patience = options.patience ?? 0.25;
    this.#reserve = options.reserve ?? 0;
    this.#memory = options.memory ?? { room: Infinity };
  }

  /** Counts `amount` that came in; returns false if that is more than was allowed. */
  receive(amount: number): boolean {
    if (amount > this.limit - this.received) return false;
    this.received += amount;
    if (this.limit - this.received < this.#reserve) this.#makeRoom();
    return true;
  }

  /** Counts `amount` as dealt with, where the peer needs no more credit. */
  skip(amount: number): void {
    this.consumed += amount;
  }

  /** The peer needs no more credit: it has said where the stream ends. */
  close(): void {
    this.pending = false;
  }

  /** Raises, or lowers, the upper bound of the window for unconsumed data by `amount`. */
  allowUnread(amount: number): void {
    this.maxUnread += amount;
  }

  /**
   * Counts `amount` as dealt with; returns whether a higher limit has become due just now, which
   * waits for no word of the peer that it is blocked (RFC 9000, Section 4.2).
   *
   * @param unread What lies there still and could be consumed as well.
   */
  consume(amount: number, unread = 0): boolean {
    this.consumed += amount;
    this.#leastUnread = Math.min(this.#leastUnread, unread);
    if (this.pending || !this.#isDue()) return false;
    this.pending = true;
    return true;
  }

  /**
   * Raises the limit before it is written, and the window if it was used up fast. A window that is
   * wider than the application and the path need becomes narrower.
   *
   * @param now The time in milliseconds.
   * @param rtt The largest smoothed round-trip time of all paths, in milliseconds.
   * @returns The limit to tell.
   */
  raise(now: number, rtt: number): number {
    if (this.#isNarrow(now, rtt)) this.widen(this.window * 2);
    else this.#narrow(now, rtt);
    this.#leastUnread = Infinity;
    this.#raisedAt = now;
    this.#consumedThen = this.consumed;
    this.limit = Math.max(this.limit, this.consumed + this.window);
    this.pending = false;
    return this.limit;
  }

  /** Widens the window to `window`, or as far as is allowed, unless there is no memory for it. */
  widen(window: number): void {
    const wanted = Math.min(window, this.maxWindow);
    if (wanted > this.window && wanted - this.window <= this.#memory.room) this.window = wanted;
  }

  /** The frame that told `limit` was lost; returns whether it must be told again. */
  onLost(limit: number): boolean {
    if (limit !== this.limit || this.pending) return false; // a later one is under way
    this.pending = true;
    return true;
  }

  /** The peer says `limit` blocks it; returns whether a higher one has become due just now. */
  onBlocked(limit: number): boolean {
    // What the share of the window holds back is worth more to a peer that waits.
    if (limit < this.limit || this.pending || this.consumed + this.window <= this.limit) {
      return false;
    }
    this.pending = true;
    return true;
  }

  #makeRoom(): void {
    const { window } = this;
    this.widen(Math.min(this.received - this.consumed + 2 * this.#reserve, this.maxUnread));
    if (this.window > window) this.pending = true;
  }

  #isDue(): boolean {
    const rise = this.consumed + this.window - this.limit;
    return rise > 0 && rise >= this.window * this.#patience;
  }

  /**
   * A window of one bandwidth-delay product would do for a single path that loses nothing. Data
   * wait for those of the slowest path and for retransmissions, so four are meant to fit: the
   * window must not be used up within four round trips. To an application that never took all that
   * was there, more would come no sooner.
   */
  #isNarrow(now: number, rtt: number): boolean {
    if (this.#raisedAt < 0 || this.window >= this.maxWindow) return false;
    if (this.#leastUnread > 0) return false;
    const share = (this.consumed - this.#consumedThen) / this.window;
    return now - this.#raisedAt < 4 * share * rtt;
  }
  /**
   * What lay unread all through a round trip is not what keeps the path busy: without it, the
   * application would have had enough to read at any time. It would be lost with the program, and
   * costs memory.
   */
  #narrow(now: number, rtt: number): void {
    this.#leastUnreadOfPeriod = Math.min(this.#leastUnreadOfPeriod, this.#leastUnread);
    // A limit from before, when the window was wider, lets more lie unread than the window does.
    if (this.consumed + this.window < this.limit) return;
    if (this.#judgedAt >= 0 && now - this.#judgedAt < rtt) return;
    const excess = this.#leastUnreadOfPeriod - SPARE;
    if (this.#judgedAt >= 0 && excess > 0 && excess < this.window - SPARE) this.window -= excess;
    this.#judgedAt = now;
    this.#leastUnreadOfPeriod = Infinity;
  }
}
