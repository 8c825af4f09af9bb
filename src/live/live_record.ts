// The last minutes of a connection, as far as they are kept.

import type { ConnectionReport, LiveEvent, PathSample } from "./live_report.ts";

/** Milliseconds that are kept. */
export const KEPT = 300_000;
/** Events that are kept. */
const MOST_EVENTS = 200;

/**
 * What was measured at a time, as viewers get it: `[time, [id, ...], ...]` in JSON. As arrays it would
 * take three times the memory, and each viewer would have it written again.
 */
interface Sample {
  readonly time: number;
  /** How many paths it has. */
  readonly weight: number;
  readonly text: string;
}

/** What is said of a connection in the list of all. */
export interface Summary {
  readonly key: string;
  readonly role: string;
  readonly peer: string;
  readonly serverName: string | undefined;
  readonly protocol: string | undefined;
  readonly beganAt: number;
  readonly received: number;
  readonly sent: number;
  readonly lost: number | undefined;
  readonly streams: number;
  /** Paths that are open. */
  readonly paths: number;
  /** Why it is over; undefined while it is not. */
  readonly end: string | undefined;
  /** Whether it was over by a failure. */
  readonly hasFailed: boolean;
}

/** A list of which the oldest are forgotten; each item keeps its number. */
class Ring<T> {
  readonly #items: T[] = [];
  #first = 0;

  /** The number of the next item. */
  get end(): number {
    return this.#first + this.#items.length;
  }

  get size(): number {
    return this.#items.length;
  }

  get oldest(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  forgetOldest(): void {
    this.#items.shift();
    this.#first++;
  }

  /** Those from a number on that are still there. */
  from(number: number): readonly T[] {
    return this.#items.slice(Math.max(0, number - this.#first));
  }
}

/** Keeps what was reported of a connection, for some minutes. */
export class LiveRecord {
  readonly key: string;
  readonly #samples = new Ring<Sample>();
  readonly #events = new Ring<LiveEvent>();
  #last: ConnectionReport;
  /** Paths in all samples. */
  #weight = 0;

  /** @param key What viewers call it. */
  constructor(key: string, first: ConnectionReport) {
    this.key = key;
    this.#last = first;
  }

  /** The newest report. */
  get last(): ConnectionReport {
    return this.#last;
  }

  get isOver(): boolean {
    return this.#last.end !== undefined;
  }

  /** The number of the next sample. */
  get sampleEnd(): number {
    return this.#samples.end;
  }

  /** The number of the next event. */
  get eventEnd(): number {
    return this.#events.end;
  }

  /**
   * Takes the next report.
   *
   * @param time When it was made.
   * @param most Samples of paths that may be kept.
   */
  take(report: ConnectionReport, time: number, most: number): void {
    this.#last = report;
    this.#push(report.sample, Math.round(time));
    for (let oldest; (oldest = this.#samples.oldest) !== undefined;) {
      if (this.#weight <= most && time - oldest.time <= KEPT) break;
      this.#weight -= oldest.weight;
      this.#samples.forgetOldest();
    }
    for (const event of report.events) this.#events.push(event);
    while (this.#events.size > MOST_EVENTS) this.#events.forgetOldest();
  }

  /** It is over, though no report says so. */
  abandon(why: string): void {
    this.#last = { ...this.#last, events: [], sample: [], end: why, hasFailed: true };
  }

  /** Samples from a number on that are still there, each in JSON. */
  samplesFrom(number: number): readonly string[] {
    return this.#samples.from(number).map(({ text }) => text);
  }

  eventsFrom(number: number): readonly LiveEvent[] {
    return this.#events.from(number);
  }

  #push(sample: readonly PathSample[], time: number): void {
    const weight = sample.length;
    this.#weight += weight;
    this.#samples.push({ time, weight, text: JSON.stringify([time, ...sample]) });
  }

  get summary(): Summary {
    const { facts, paths, morePaths, received, sent, lost, streams, end, hasFailed } = this.#last;
    const open = end === undefined ? paths.filter((path) => path.end === undefined).length : 0;
    return {
      key: this.key,
      ...facts,
      received,
      sent,
      lost,
      streams,
      paths: open + morePaths,
      end,
      hasFailed,
    };
  }
}
