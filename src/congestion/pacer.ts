// Spreads the packets of a window over the round trip (RFC 9002, Section 7.7).

import type { CongestionController } from "./controller.ts";

/** The rate in windows per round trip: enough above 1 to fill the window, and to double it. */
const GAIN = 1.25;
const SLOW_START_GAIN = 2;
/** Runtime timers fire up to this much late (ms): what would have left meanwhile may leave at once. */
const TIMER_LATENESS = 2;
/**
 * Milliseconds between two looks at a path that is held back: a timer of the runtime takes 2.1, and
 * a shorter wait is spent in turns of the event loop.
 */
const SLEEP = 2.2;
/** The largest part of a round trip that a sleep may take. */
const MOST_SLEEP = 1 / 4;
/** A timer that is set for a sleep is less late (ms): it waits for whole milliseconds anyway. */
const SLEEP_LATENESS = 1.2;
/** RFC 9002, Section 7.7: a burst of an initial window is fine. */
const INITIAL_BURST = 10;
/** Above 10 datagrams per `TIMER_LATENESS` that bound would throttle; this one holds instead. */
const LARGEST_BURST = 64;
/** Jumbo frames make no larger bursts than those of Ethernet: the queues on the way hold bytes. */
const ETHERNET_FRAME = 1_500;
const SMALLEST_BURST = 2;

/** The round-trip time that a window is spread over, in ms. */
export interface PacedRtt {
  /**
   * The moving average without what was under way while a radio held everything back: a window
   * spread over such a pause would take as long again.
   */
  readonly unheld: number;
}

/**
 * Spreads what a window allows over the round trip: a leaky bucket that time fills.
 *
 * Until the first RTT sample nothing is held back, since the window is the initial one; then the
 * bucket starts full with an initial window. After silence it refills to one burst, no more.
 */
export class Pacer {
  #maxDatagramSize: number;
  /** Bytes per ms; `Infinity` before the first RTT sample. */
  #rate = Infinity;
  #burst: number;
  /** Milliseconds; 0 where a sleep would be too long for the path, or what leaves behind it too much. */
  #sleep = 0;
  #bucket: number;
  #filledAt = 0;

  constructor(maxDatagramSize: number) {
    this.#maxDatagramSize = maxDatagramSize;
    this.#burst = INITIAL_BURST * maxDatagramSize;
    this.#bucket = this.#burst;
  }

  /** Bytes per ms at which packets leave; `Infinity` before the first RTT sample. */
  get rate(): number {
    return this.#rate;
  }

  /** Most bytes that may leave at once. */
  get burst(): number {
    return this.#burst;
  }

  /** Takes over the controller's rate; call it after each ACK, loss or new size of datagrams. */
  update(
    controller: CongestionController,
    rtt: PacedRtt,
    maxDatagramSize: number,
    now: number,
  ): void {
    this.#refill(now);
    this.#maxDatagramSize = maxDatagramSize;
    const { inSlowStart } = controller;
    const gain = inSlowStart ? SLOW_START_GAIN : GAIN;
    this.#rate = controller.pacingRate || gain * controller.window / Math.max(rtt.unheld, 0.01);
    // In slow start the first flights decide how long a short transfer takes.
    const least = (inSlowStart ? INITIAL_BURST : SMALLEST_BURST) * maxDatagramSize;
    const most = LARGEST_BURST * Math.min(maxDatagramSize, ETHERNET_FRAME);
    const maySleep = SLEEP <= MOST_SLEEP * rtt.unheld && this.#rate * SLEEP <= most / 2;
    this.#sleep = maySleep ? SLEEP : 0;
    // A wait begins with less than a datagram; what a late timer finds must not run over.
    const wait = this.#sleep > 0 ? SLEEP + SLEEP_LATENESS : TIMER_LATENESS;
    const late = maxDatagramSize + this.#rate * wait;
    this.#burst = Math.min(Math.max(late, least), most);
  }

  /** Bytes that may leave now; none unless a whole datagram may. */
  room(now: number): number {
    if (this.#rate === Infinity) return Infinity;
    this.#refill(now);
    // A caller that comes exactly when told must not find a rounding error in its way.
    const isReady = this.#bucket >= this.#maxDatagramSize - 1e-6;
    return isReady ? Math.max(this.#bucket, this.#maxDatagramSize) : 0;
  }

  /** When a whole datagram may leave: `now`, or later. */
  nextSendAt(now: number): number {
    if (this.room(now) > 0) return now;
    return now + (this.#maxDatagramSize - this.#bucket) / this.#rate;
  }

  /**
   * When to ask again, if no datagram may leave now: so much later that a timer can wait for it, and
   * that several datagrams may leave in one turn of the event loop.
   */
  wakeAt(now: number): number {
    const at = this.nextSendAt(now);
    return at > now ? Math.max(at, now + this.#sleep) : now;
  }

  /** A packet of `size` bytes left; probes leave even without room. */
  onSent(size: number, now: number): void {
    if (this.#rate === Infinity) return;
    this.#refill(now);
    // What is owed is bounded, or a flight of probes would silence the path.
    this.#bucket = Math.max(this.#bucket - size, -this.#burst);
  }

  #refill(now: number): void {
    const elapsed = now - this.#filledAt;
    if (elapsed <= 0) return;
    this.#filledAt = now;
    // The first fill may be above the burst, and is then used up, not cut.
    if (this.#rate === Infinity || this.#bucket >= this.#burst) return;
    this.#bucket = Math.min(this.#bucket + elapsed * this.#rate, this.#burst);
  }
}
