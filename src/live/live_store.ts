// What a live view knows of all connections.

import { LiveRecord, type Summary } from "./live_record.ts";
import type { ThreadReport } from "./live_report.ts";

/** Connections that are over and still shown. */
const MOST_OVER = 16;
/** Samples of paths that are kept for all connections together: about 30 MB. */
const MOST_SAMPLES = 200_000;
/** Milliseconds after which a thread that says nothing is gone. */
const SILENCE = 5_000;

/** What is known of a thread. */
interface Thread {
  /** Its records by the numbers of its connections. */
  readonly records: Map<number, LiveRecord>;
  heardAt: number;
  hidden: number;
}

/** Keeps the last minutes of all connections that are reported. */
export class LiveStore {
  readonly #threads = new Map<string, Thread>();
  /** Those that are over, oldest first. */
  #over: readonly LiveRecord[] = [];
  #change = Promise.withResolvers<void>();

  /** Resolves when the next report has come. */
  get changed(): Promise<void> {
    return this.#change.promise;
  }

  /** All connections, newest first, those that are over behind the others. */
  get summaries(): readonly Summary[] {
    return this.#records.map(({ summary }) => summary);
  }

  /** Open connections that are not told of, because there are too many. */
  get hidden(): number {
    return this.#threads.values().reduce((sum, { hidden }) => sum + hidden, 0);
  }

  /**
   * The connection that a viewer looks at.
   *
   * @param wanted The one that it asks for.
   * @param present The one that it looks at now; another open one takes its place once it is over.
   */
  choose(wanted: string | undefined, present: string | undefined): LiveRecord | undefined {
    const records = this.#records;
    const find = (key: string | undefined) => records.find((record) => record.key === key);
    const asked = wanted === undefined ? undefined : find(wanted);
    if (asked !== undefined) return asked;
    const before = find(present);
    if (before !== undefined && !before.isOver) return before;
    const newest = records.find(({ isOver }) => !isOver);
    return newest ?? before ?? records[0];
  }

  /**
   * Takes what a thread reports.
   *
   * @param name The thread's name.
   * @param now Milliseconds since 1970.
   */
  take(name: string, report: ThreadReport, now: number): void {
    let thread = this.#threads.get(name);
    if (thread === undefined) {
      this.#threads.set(name, thread = { records: new Map(), heardAt: now, hidden: 0 });
    }
    thread.heardAt = now;
    thread.hidden = report.hidden;
    const told = new Set<number>();
    for (const connection of report.connections) {
      const { number, end } = connection;
      told.add(number);
      const record = thread.records.get(number) ?? new LiveRecord(`${name}${number}`, connection);
      thread.records.set(number, record);
      record.take(connection, report.time, MOST_SAMPLES / Math.max(50, this.#size));
      if (end !== undefined) this.#putAway(thread, number, record);
    }
    for (const number of thread.records.keys()) {
      if (!told.has(number)) thread.records.delete(number); // idle, in favour of others
    }
    this.#forgetSilent(now);
    this.tell();
  }

  /** Has viewers look again. */
  tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers<void>();
  }

  get #size(): number {
    return this.#threads.values().reduce((sum, { records }) => sum + records.size, 0) +
      this.#over.length;
  }

  get #records(): readonly LiveRecord[] {
    const open = this.#threads.values().flatMap(({ records }) => records.values());
    const newestFirst = (a: LiveRecord, b: LiveRecord) =>
      b.last.facts.beganAt - a.last.facts.beganAt;
    return [...[...open].sort(newestFirst), ...this.#over.toReversed()];
  }

  #putAway(thread: Thread, number: number, record: LiveRecord): void {
    thread.records.delete(number);
    this.#over = [...this.#over, record].slice(-MOST_OVER);
  }

  #forgetSilent(now: number): void {
    for (const [name, thread] of this.#threads) {
      if (now - thread.heardAt <= SILENCE) continue;
      for (const [number, record] of thread.records) {
        record.abandon("its thread has ended");
        this.#putAway(thread, number, record);
      }
      this.#threads.delete(name);
    }
  }
}
