// Ends slow start when the round-trip time rises (HyStart++, RFC 9406).

/** RTT samples that a round needs before it says anything. */
const SAMPLES = 8;
/** The rise of the round-trip time that ends slow start is an eighth of it, within bounds (ms). */
const RISE_DIVISOR = 8;
const LEAST_RISE = 4;
const MOST_RISE = 16;
/** In conservative slow start a window grows by this part of what is acknowledged. */
const CONSERVATIVE_GROWTH = 1 / 4;
/** Rounds of conservative slow start before congestion avoidance. */
const CONSERVATIVE_ROUNDS = 5;

/**
 * HyStart++ (RFC 9406): leaves the first slow start when round-trip times rise, before a queue
 * overflows. A stretch of slower growth (conservative slow start) tells real queues from jitter.
 *
 * Everything leaves paced, so the growth per ACK is not limited (RFC 9406, Section 4.2). For the same
 * reason a rise within a round is no artefact of a burst: the least of the last eight samples is
 * judged rather than the least of the round, which notices a queue up to one round trip earlier.
 */
export class HyStart {
  /** Slow start is over: the threshold becomes the present window. */
  isDone = false;
  /** Whether growth is slowed down because round-trip times rose. */
  isConservative = false;
  #roundStart = 0;
  #isRoundEnd = false;
  #lastMin = Infinity;
  #currentMin = Infinity;
  #samples = 0;
  readonly #recent: number[] = new Array(SAMPLES).fill(Infinity);
  #baseline = Infinity;
  /** Whether the present round has shown the rise again. */
  #isRisen = false;
  #rounds = 0;

  /** Bytes by which the window grows for `acked` bytes of a packet sent at `timeSent`. */
  growth(acked: number, timeSent: number): number {
    if (timeSent >= this.#roundStart) this.#isRoundEnd = true;
    return this.isConservative ? acked * CONSERVATIVE_GROWTH : acked;
  }

  /** One ACK has been worked through; `latest` is its RTT sample in ms. */
  onAckProcessed(latest: number, now: number): void {
    if (this.isDone) return;
    this.#currentMin = Math.min(this.#currentMin, latest);
    this.#recent[this.#samples++ % SAMPLES] = latest;
    if (this.#samples >= SAMPLES) this.#judge();
    if (this.#isRoundEnd) this.#nextRound(now);
  }

  #judge(): void {
    let least = Infinity;
    for (const sample of this.#recent) least = Math.min(least, sample);
    if (this.isConservative) return this.#judgeAgain(least);
    if (this.#lastMin === Infinity || least < this.#lastMin + rise(this.#lastMin)) return;
    this.#setConservative(least);
  }

  /** In a later round than the one that rose: was it a queue? */
  #judgeAgain(least: number): void {
    if (least >= this.#baseline) this.#isRisen = true;
    // It went on rising by as much again, so it is a queue: five rounds of growth would treble the
    // window, which is more than a queue of one bandwidth-delay product holds.
    if (least >= this.#baseline + rise(this.#baseline)) this.isDone = true;
  }

  #setConservative(baseline: number): void {
    this.isConservative = baseline !== Infinity;
    this.#baseline = baseline;
    this.#rounds = 0;
  }

  #nextRound(now: number): void {
    this.#roundStart = now;
    this.#isRoundEnd = false;
    this.#lastMin = this.#currentMin;
    this.#currentMin = Infinity;
    const isJudged = this.#samples >= SAMPLES;
    this.#samples = 0;
    if (!this.isConservative) return;
    // RFC 9406, Section 4.2: the rise did not last, so it was jitter. That is known at the end of a
    // round: paced flights leave a silence behind, in which their queue drains.
    if (this.#rounds > 0 && isJudged && !this.#isRisen) return this.#setConservative(Infinity);
    this.#isRisen = false;
    // The round in which it began counts, though it was not a whole one.
    if (++this.#rounds >= CONSERVATIVE_ROUNDS) this.isDone = true;
  }
}

/** The rise of the round-trip time that counts, in ms. */
function rise(from: number): number {
  return Math.min(Math.max(from / RISE_DIVISOR, LEAST_RISE), MOST_RISE);
}
