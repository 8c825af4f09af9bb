// Finds paths that share a bottleneck by how their delays vary (RFC 8382).

/** Parameters of RFC 8382, Sections 2.2 and 3; the times are ms. */
const INTERVAL = 350;
/** Intervals that skew, variation and loss look back, of which the newest count in full. */
const LOOK_BACK = 30;
const FULL_WEIGHT = 20;
/** Intervals that frequency looks back. */
const FREQUENCY_LOOK_BACK = 50;
/** Below this skew a path has a bottleneck; below the other it keeps the one it had. */
const SKEW_ENTRY = 0.1;
const SKEW_HOLD = 0.3;
const LOSS_ENTRY = 0.05;
/** A mean has crossed over when it is further away than this many variations. */
const CROSSING = 0.7;
/** How far apart paths of one group may be; variation and loss in parts of the larger. */
const FREQUENCY_SPREAD = 0.1;
const VARIATION_SPREAD = 0.1;
const SKEW_SPREAD = 0.15;
const LOSS_SPREAD = 0.1;
/**
 * Two queues can look alike without being the same one, which the statistics of RFC 8382 cannot
 * tell. The delays of one queue rise and fall together: their means must correlate this much.
 */
const CORRELATION = 0.5;
/**
 * Equal verdicts in a row before paths are joined, and before they are parted: paths that grow
 * together leave their queue alone now and then, and then nothing can be seen of it.
 */
const VOTES_TO_JOIN = 10;
const VOTES_TO_PART = 60;

/**
 * Summarises the one-way delays of one path so that paths can be compared (RFC 8382).
 *
 * Only differences of delay matter, so clocks need not agree. Without one-way delays half the
 * round-trip times serve, as long as the way back is quiet.
 */
export class DelayMonitor {
  /** Part of the samples below the mean less the part above: low when a queue is mostly there. */
  skew = 1;
  /** Mean deviation from the mean of the interval before, in ms. */
  variation = 0;
  /** Significant crossings of the long-term mean, per interval. */
  frequency = 0;
  /** Part of the packets that were lost. */
  loss = 0;
  /** Whether there is a bottleneck on this path. */
  isBottleneck = false;
  readonly #means = new Float64Array(FREQUENCY_LOOK_BACK);
  readonly #crossings = new Uint8Array(FREQUENCY_LOOK_BACK);
  readonly #skews = new Float64Array(LOOK_BACK);
  readonly #deviations = new Float64Array(LOOK_BACK);
  readonly #counts = new Float64Array(LOOK_BACK);
  readonly #losses = new Float64Array(LOOK_BACK);
  #intervals = 0;
  #longMean = 0;
  #lastMean = 0;
  #side = 0;
  #sum = 0;
  #count = 0;
  #lost = 0;
  #skew = 0;
  #deviation = 0;

  /** Whether there has been enough time for a verdict. */
  get isReady(): boolean {
    return this.#intervals >= LOOK_BACK;
  }

  /** A packet took `delay` ms, or that much more than some constant. */
  onDelay(delay: number): void {
    this.#sum += delay;
    this.#count++;
    if (this.#intervals === 0) return;
    if (delay < this.#longMean) this.#skew++;
    else if (delay > this.#longMean) this.#skew--;
    this.#deviation += Math.abs(delay - this.#lastMean);
  }

  /** A packet was lost. */
  onLost(count = 1): void {
    this.#lost += count;
  }

  /** Ends an interval; `SharedBottlenecks` calls it for all paths at the same time. */
  endInterval(): void {
    const mean = this.#count > 0 ? this.#sum / this.#count : this.#lastMean;
    const at = this.#intervals % LOOK_BACK;
    this.#skews[at] = this.#skew;
    this.#deviations[at] = this.#deviation;
    this.#counts[at] = this.#count;
    this.#losses[at] = this.#lost;
    this.#means[this.#intervals % FREQUENCY_LOOK_BACK] = mean;
    this.#summarise();
    this.#cross(mean);
    this.#intervals++;
    this.#longMean = this.#recentMean(Math.min(this.#intervals, LOOK_BACK));
    this.#lastMean = mean;
    this.#sum = 0;
    this.#count = 0;
    this.#lost = 0;
    this.#skew = 0;
    this.#deviation = 0;
    const limit = this.isBottleneck ? SKEW_HOLD : SKEW_ENTRY;
    this.isBottleneck = this.skew < limit || this.loss > LOSS_ENTRY;
  }

  /** How much the mean delays of two paths move together: 1 fully, 0 not at all. */
  correlation(other: DelayMonitor): number {
    const count = Math.min(this.#intervals, other.#intervals, FREQUENCY_LOOK_BACK);
    const [mine, theirs] = [this.#recentMean(count), other.#recentMean(count)];
    let product = 0;
    let square = 0;
    let otherSquare = 0;
    for (let age = 1; age <= count; age++) {
      const a = this.#meanAt(age) - mine;
      const b = other.#meanAt(age) - theirs;
      product += a * b;
      square += a * a;
      otherSquare += b * b;
    }
    return square > 0 && otherSquare > 0 ? product / Math.sqrt(square * otherSquare) : 0;
  }

  #summarise(): void {
    const filled = Math.min(this.#intervals + 1, LOOK_BACK);
    let skew = 0;
    let deviation = 0;
    let count = 0;
    let lost = 0;
    for (let age = 0; age < filled; age++) {
      const at = (this.#intervals - age) % LOOK_BACK;
      // RFC 8382, Section 4.1: old intervals fade, so that a change shows sooner.
      const weight = age < FULL_WEIGHT ? 1 : (LOOK_BACK - age) / (LOOK_BACK - FULL_WEIGHT + 1);
      skew += weight * this.#skews[at]!;
      deviation += weight * this.#deviations[at]!;
      count += weight * this.#counts[at]!;
      lost += weight * this.#losses[at]!;
    }
    this.skew = count > 0 ? skew / count : 1;
    this.variation = count > 0 ? deviation / count : 0;
    this.loss = count + lost > 0 ? lost / (count + lost) : 0;
  }

  #cross(mean: number): void {
    const distance = mean - this.#longMean;
    const isFar = Math.abs(distance) > CROSSING * this.variation;
    const side = isFar ? Math.sign(distance) : this.#side;
    const isCrossing = this.#intervals > 0 && this.#side !== 0 && side !== this.#side;
    this.#side = this.#intervals > 0 ? side : 0;
    this.#crossings[this.#intervals % FREQUENCY_LOOK_BACK] = isCrossing ? 1 : 0;
    let sum = 0;
    for (const crossing of this.#crossings) sum += crossing;
    this.frequency = sum / Math.min(this.#intervals + 1, FREQUENCY_LOOK_BACK);
  }

  /** The mean of the interval that ended so many intervals ago; 1 is the last one. */
  #meanAt(age: number): number {
    return this.#means[(this.#intervals - age) % FREQUENCY_LOOK_BACK]!;
  }

  #recentMean(count: number): number {
    let sum = 0;
    for (let age = 1; age <= count; age++) sum += this.#meanAt(age);
    return count > 0 ? sum / count : 0;
  }
}

/**
 * Finds out which paths of a connection share a bottleneck, so that they, and only they, are
 * coupled. Paths begin apart; ten equal verdicts in a row (3.5 s)
 * join two of them, sixty (21 s) part them.
 */
export class SharedBottlenecks {
  readonly #monitors: DelayMonitor[] = [];
  /** For two paths, how many verdicts in a row differ from what `shares` says. */
  readonly #votes = new Map<DelayMonitor, Map<DelayMonitor, number>>();
  readonly #shared = new Map<DelayMonitor, Set<DelayMonitor>>();
  #intervalEnd = -1;

  /** When `update` has something to do; `Infinity` without paths. */
  get deadline(): number {
    return this.#monitors.length === 0 ? Infinity : this.#intervalEnd;
  }

  /** A path begins. */
  add(monitor: DelayMonitor, now: number): void {
    if (this.#monitors.length === 0) this.#intervalEnd = now + INTERVAL;
    this.#monitors.push(monitor);
    this.#votes.set(monitor, new Map());
    this.#shared.set(monitor, new Set());
  }

  /** A path ends. */
  remove(monitor: DelayMonitor): void {
    const index = this.#monitors.indexOf(monitor);
    if (index < 0) return;
    this.#monitors.splice(index, 1);
    this.#votes.delete(monitor);
    this.#shared.delete(monitor);
    for (const votes of this.#votes.values()) votes.delete(monitor);
    for (const shared of this.#shared.values()) shared.delete(monitor);
  }

  /** Whether two paths are taken to share a bottleneck. */
  shares(a: DelayMonitor, b: DelayMonitor): boolean {
    return a === b || this.#shared.get(a)?.has(b) === true;
  }

  /** Ends the interval if it is time; returns whether it did. */
  update(now: number): boolean {
    if (now < this.deadline) return false;
    this.#intervalEnd = Math.max(this.#intervalEnd + INTERVAL, now);
    for (const monitor of this.#monitors) monitor.endInterval();
    const groups = groupByBottleneck(this.#monitors);
    for (const [i, a] of this.#monitors.entries()) {
      for (const b of this.#monitors.slice(i + 1)) {
        const isAlike = groups.some((group) => group.includes(a) && group.includes(b));
        this.#vote(a, b, isAlike && a.correlation(b) >= CORRELATION);
      }
    }
    return true;
  }

  #vote(a: DelayMonitor, b: DelayMonitor, isTogether: boolean): void {
    const votes = this.#votes.get(a)!;
    const count = isTogether === this.shares(a, b) ? 0 : (votes.get(b) ?? 0) + 1;
    const needed = isTogether ? VOTES_TO_JOIN : VOTES_TO_PART;
    votes.set(b, count >= needed ? 0 : count);
    if (count < needed) return;
    for (const [one, other] of [[a, b], [b, a]] as const) {
      if (isTogether) this.#shared.get(one)!.add(other);
      else this.#shared.get(one)!.delete(other);
    }
  }
}

/**
 * Groups the paths that have a bottleneck by frequency, variation, skew and loss (RFC 8382,
 * Section 3.3). Paths without one, or without enough samples, are in no group.
 */
export function groupByBottleneck(monitors: readonly DelayMonitor[]): DelayMonitor[][] {
  let groups = [monitors.filter((monitor) => monitor.isReady && monitor.isBottleneck)];
  groups = divide(groups, (monitor) => monitor.frequency, () => FREQUENCY_SPREAD);
  groups = divide(groups, (monitor) => monitor.variation, (value) => value * VARIATION_SPREAD);
  groups = divide(groups, (monitor) => monitor.skew, () => SKEW_SPREAD);
  // Loss tells paths apart only where there is much of it.
  const loss = (monitor: DelayMonitor) => monitor.loss > LOSS_ENTRY ? monitor.loss : 0;
  groups = divide(groups, loss, (value) => value * LOSS_SPREAD);
  return groups.filter((group) => group.length > 0);
}

/** Splits each group, in descending order of a value, where neighbours are too far apart. */
function divide(
  groups: DelayMonitor[][],
  valueOf: (monitor: DelayMonitor) => number,
  spread: (larger: number) => number,
): DelayMonitor[][] {
  const result: DelayMonitor[][] = [];
  for (const group of groups) {
    const sorted = [...group].sort((a, b) => valueOf(b) - valueOf(a));
    let current: DelayMonitor[] | undefined;
    let last = 0;
    for (const monitor of sorted) {
      const value = valueOf(monitor);
      if (!current || last - value > spread(last)) result.push(current = []);
      current.push(monitor);
      last = value;
    }
  }
  return result;
}
