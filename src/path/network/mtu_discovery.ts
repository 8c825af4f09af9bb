// Finds the largest datagram that a network path carries (RFC 8899).

/** Every QUIC network path carries this much (RFC 9000, Section 14). */
export const BASE_DATAGRAM_SIZE = 1_200;
/** What Ethernet carries: frames of 1,500 bytes less the headers of IPv6 and UDP. */
export const ETHERNET_DATAGRAM_SIZE = 1_452;
/** What jumbo frames of 9,000 bytes carry, and any system to itself; none are larger. */
export const JUMBO_DATAGRAM_SIZE = 8_952;
/** The part of a window that a jumbo probe may be: what is lost with one is not sent meanwhile. */
const JUMBO_SHARE = 1 / 4;
/** RFC 8899, Section 5.1.2: tries per size before it counts as too large. */
const MAX_PROBES = 3;
/** The search ends when this little could still be won. */
const PRECISION = 20;
/** Times in a row that large packets are lost and none arrives, which betrays a black hole. */
const BLACK_HOLE_LOSSES = 4;
/**
 * Times in a row that a datagram of the base size is lost while smaller ones that left behind it
 * arrive, until the network path counts as too narrow. Where half of all is lost, such a verdict is
 * wrong once in 60,000 times.
 */
const NARROW_LOSSES = 10;
/** Milliseconds until a search that ended below the ceiling is begun again: RFC 8899, Section 5.1.1. */
const RAISE_TIMEOUT = 600_000;

/**
 * Finds the largest datagram a network path carries, by sending probes and believing only their
 * acknowledgements (RFC 9000, Section 14.3; RFC 8899). ICMP is not listened to, so it
 * cannot lie (RFC 9000, Section 14.2.1).
 *
 * The search goes up to what Ethernet carries. Beyond are jumbo frames, as large as the port says: that
 * size and no other is tried, as soon as the window makes it a small loss.
 */
export class MtuDiscovery {
  /** The largest datagram known to arrive. */
  current: number = BASE_DATAGRAM_SIZE;
  #ceiling: number;
  /** Sizes from here on are known not to arrive. */
  #tooLarge: number;
  /** The size of the probe under way, 0 for none. */
  #probing = 0;
  #failures = 0;
  #losses = 0;
  /** The shortest of the large packets that were lost so; what is shorter and arrives is no proof. */
  #shortestLost = Infinity;
  /** When the last loss was counted; what left before belongs to the same event. */
  #lossCountedAt = -Infinity;
  #searchAgainAt = Infinity;
  /**
   * Whether even the base size may not arrive any more: RFC 8899, Section 5.2 calls it the Base
   * state. Datagrams of that size leave with small ones behind them, until one of them arrives.
   */
  doubtful = false;
  /** Whether the base size does not arrive (RFC 8899, Section 5.2: the Error state). */
  tooNarrow = false;
  /** Whether a probe was sent. */
  tried = false;
  /** Whether another pair of datagrams should leave now. */
  #isTrialDue = false;

  /** @param ceiling The largest size worth trying. */
  constructor(ceiling: number) {
    this.#ceiling = Math.max(ceiling, BASE_DATAGRAM_SIZE);
    this.#tooLarge = this.#ceiling + 1;
  }

  /** The peer will not take more than this (max_udp_payload_size), or the port not carry it. */
  limit(size: number): void {
    this.#ceiling = Math.max(BASE_DATAGRAM_SIZE, Math.min(this.#ceiling, size));
    this.#tooLarge = Math.min(this.#tooLarge, this.#ceiling + 1);
    this.current = Math.min(this.current, this.#ceiling);
  }

  /**
   * The size of the probe that should be sent now; 0 for none.
   *
   * @param window The congestion window, in bytes.
   */
  wantedProbe(now: number, window: number): number {
    if (this.#probing > 0 || this.doubtful) return 0;
    if (now >= this.#searchAgainAt) {
      this.#searchAgainAt = Infinity;
      this.#tooLarge = this.#ceiling + 1;
    }
    if (this.current >= ETHERNET_DATAGRAM_SIZE) return this.#wantedJumbo(window);
    const ceiling = Math.min(this.#ceiling, ETHERNET_DATAGRAM_SIZE);
    const largest = Math.min(this.#tooLarge - 1, ceiling);
    if (largest - this.current < (largest === ceiling ? 1 : PRECISION)) return 0;
    // The ceiling first: on most networks that is all there is to it.
    return largest === ceiling ? largest : (this.current + largest + 1) >>> 1;
  }

  #wantedJumbo(window: number): number {
    const size = this.#ceiling;
    const isOpen = size > this.current && size < this.#tooLarge;
    return isOpen && size <= JUMBO_SHARE * window ? size : 0;
  }

  onProbeSent(size: number): void {
    this.tried = true;
    this.#probing = size;
  }

  /** Nothing will be heard of the probe under way. */
  dropProbe(): void {
    this.#probing = 0;
  }

  /** A probe arrived; returns whether datagrams may be larger now. */
  onProbeAcked(size: number): boolean {
    this.onPacketAcked(size);
    if (size <= BASE_DATAGRAM_SIZE) return false;
    this.#probing = 0;
    this.#failures = 0;
    if (size <= this.current) return false;
    this.current = size;
    return true;
  }

  /** A probe is lost, which says nothing of congestion (RFC 9000, Section 14.4). */
  onProbeLost(size: number, timeSent: number, now: number): void {
    if (size <= BASE_DATAGRAM_SIZE) {
      this.onPacketLost(size, timeSent, now);
      return;
    }
    this.#probing = 0;
    this.#failures++;
    if (this.#failures < MAX_PROBES) return;
    this.#failures = 0;
    this.#tooLarge = Math.min(this.#tooLarge, size);
    this.#searchAgainAt = now + RAISE_TIMEOUT;
  }

  /**
   * Nothing arrives at all any more, which may be for the size: small datagrams from now on, and
   * the search begins again as soon as they arrive.
   *
   * @returns Whether datagrams must be smaller now.
   */
  fallBack(now: number): boolean {
    this.doubt(now);
    if (this.current === BASE_DATAGRAM_SIZE) return false;
    this.current = BASE_DATAGRAM_SIZE;
    return true;
  }

  /** Datagrams of the base size have to prove themselves. */
  doubt(now: number): void {
    if (this.doubtful) return;
    this.doubtful = this.#isTrialDue = true;
    this.#losses = 0;
    this.#shortestLost = Infinity;
    this.#lossCountedAt = now;
  }

  /** Whether a pair of datagrams, one of the base size and a small one, should leave; asked once. */
  takeTrial(): boolean {
    const isDue = this.#isTrialDue;
    this.#isTrialDue = false;
    return isDue;
  }

  /** An ordinary packet arrived. */
  onPacketAcked(size: number): void {
    if (size < BASE_DATAGRAM_SIZE) return;
    this.doubtful = this.#isTrialDue = false;
    if (size < this.#shortestLost && this.current > BASE_DATAGRAM_SIZE) return;
    this.#losses = 0;
    this.#shortestLost = Infinity;
  }

  /**
   * An ordinary packet is lost, which is only known because one that left behind it arrived.
   *
   * @returns Whether datagrams must be smaller now: large ones have stopped to arrive.
   */
  onPacketLost(size: number, timeSent: number, now: number): boolean {
    // Of the sizes in use, only the largest are in question.
    if (size < BASE_DATAGRAM_SIZE) return false;
    if (size === BASE_DATAGRAM_SIZE && this.current > BASE_DATAGRAM_SIZE) return false;
    // A queue that overflows, or an outage, loses many at once: that says nothing of sizes.
    if (timeSent < this.#lossCountedAt) return false;
    this.#lossCountedAt = now;
    this.#losses++;
    this.#shortestLost = Math.min(this.#shortestLost, size);
    if (this.doubtful) {
      this.tooNarrow = this.#losses >= NARROW_LOSSES;
      this.#isTrialDue = !this.tooNarrow;
      return false;
    }
    if (this.#losses < BLACK_HOLE_LOSSES) return false;
    const isSmaller = this.current > BASE_DATAGRAM_SIZE;
    if (isSmaller) {
      this.#tooLarge = this.current;
      this.#searchAgainAt = now + RAISE_TIMEOUT;
    }
    this.fallBack(now);
    return isSmaller;
  }
}
