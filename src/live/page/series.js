// What was measured, and what of it is plotted.

/** Milliseconds that a rate is taken over: one look at the connection is too short for that. */
const RATE_SPAN = 1_000;

/**
 * @typedef {[id: number, received: number, sent: number, rtt: number | null,
 *   window: number | null, inFlight: number | null, lost: number | null]} PathSample
 * @typedef {[time: number, ...paths: PathSample[]]} Sample
 * @typedef {{ id: number, received: number[], sent: number[], rtt: (number | null)[],
 *   window: (number | null)[], inFlight: (number | null)[], lost: (number | null)[] }} PathColumns
 * @typedef {{ times: number[], paths: PathColumns[] }} Columns
 */

/** Fields of a sample of a path. */
const RECEIVED = 1;
const SENT = 2;
const RTT = 3;
const WINDOW = 4;
const IN_FLIGHT = 5;
const LOST = 6;

/** The samples of a connection, for as long as they are kept. */
export class Series {
  /** @type {Sample[]} */
  #samples = [];
  #kept;

  /** @param {number} kept Milliseconds. */
  constructor(kept) {
    this.#kept = kept;
  }

  clear() {
    this.#samples = [];
  }

  /** @param {readonly Sample[]} samples Newer ones. */
  add(samples) {
    this.#samples.push(...samples);
    const end = this.end;
    if (end === undefined) return;
    const first = this.#samples.findIndex(([time]) => time >= end - this.#kept);
    if (first > 0) this.#samples.splice(0, first);
  }

  /** @returns {number | undefined} The time of the first sample. */
  get begin() {
    return this.#samples[0]?.[0];
  }

  /** @returns {number | undefined} The time of the newest sample. */
  get end() {
    return this.#samples.at(-1)?.[0];
  }

  /**
   * What is plotted of the time from `from` on.
   *
   * @param {number} from
   * @returns {Columns} Times in seconds, rates in bytes a second, losses in packets a second.
   */
  columns(from) {
    const first = Math.max(0, this.#samples.findIndex(([time]) => time >= from));
    const shown = this.#samples.slice(first);
    const ids = new Set(shown.flatMap(([, ...paths]) => paths.map(([id]) => id)));
    return {
      times: shown.map(([time]) => time / 1_000),
      paths: [...ids].sort((a, b) => a - b).map((id) => this.#columnsOf(id, first)),
    };
  }

  /**
   * @param {number} id
   * @param {number} first
   * @returns {PathColumns}
   */
  #columnsOf(id, first) {
    /** @type {PathColumns} */
    const columns = { id, received: [], sent: [], rtt: [], window: [], inFlight: [], lost: [] };
    let before = 0;
    for (let i = first; i < this.#samples.length; i++) {
      const [time] = this.#samples[i];
      while (before < i && this.#samples[before][0] < time - RATE_SPAN) before++;
      const now = this.#sampleOf(id, i);
      /** @type {(field: number) => number} */
      const pace = (field) => now === undefined ? 0 : this.#pace(id, field, before, i);
      columns.received.push(pace(RECEIVED));
      columns.sent.push(pace(SENT));
      columns.lost.push(now?.[LOST] === undefined || now[LOST] === null ? null : pace(LOST));
      columns.rtt.push(now?.[RTT] ?? null);
      columns.window.push(now?.[WINDOW] ?? null);
      columns.inFlight.push(now?.[IN_FLIGHT] ?? null);
    }
    return columns;
  }

  /**
   * How much a counter grew in a second, between two samples.
   *
   * @param {number} id
   * @param {number} field
   * @param {number} from
   * @param {number} to
   */
  #pace(id, field, from, to) {
    const milliseconds = this.#samples[to][0] - this.#samples[from][0];
    if (milliseconds <= 0) return 0;
    const now = this.#sampleOf(id, to)?.[field] ?? 0;
    // A path that was not there then has begun with nothing since.
    const then = this.#sampleOf(id, from)?.[field] ?? 0;
    return Math.max(0, now - then) / milliseconds * 1_000;
  }

  /**
   * @param {number} id
   * @param {number} index
   * @returns {PathSample | undefined}
   */
  #sampleOf(id, index) {
    const [, ...paths] = this.#samples[index];
    return paths.find((path) => path[0] === id);
  }
}

/**
 * Stacks columns: each is added to those before it.
 *
 * @param {readonly number[][]} columns
 * @returns {number[][]} The upper edge of each.
 */
export function stacked(columns) {
  /** @type {number[][]} */
  const edges = [];
  for (const column of columns) {
    const below = edges.at(-1);
    edges.push(column.map((value, i) => value + (below?.[i] ?? 0)));
  }
  return edges;
}
