// The plots of a connection: rates stacked over time, round-trip times, windows, losses.

import { bytesText, clockText, countText, rateText, timeText } from "./format.js";
import { stacked } from "./series.js";

/** Colours there are; see the style sheet. */
const COLOURS = 8;
/** Milliseconds that are shown at least, so that the first seconds do not race. */
const SHORTEST = 10_000;

/** @param {number} id The ID of a path. */
export function colourName(id) {
  return `--path-${id % COLOURS}`;
}

/** @param {string} name The name of a colour in the style sheet. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * What a plot shows: the columns of its lines, how they look, what is said of a moment.
 *
 * @typedef {{
 *   figure: string,
 *   lines: (paths: readonly any[], role: string) => readonly number[][],
 *   style: (paths: readonly any[]) => readonly object[],
 *   say: (path: any, index: number) => string | undefined,
 *   tick: (value: number) => string,
 *   isMirrored?: boolean,
 *   least: number,
 * }} Plot
 */

/** @type {readonly Plot[]} */
const PLOTS = [
  {
    figure: "rate",
    // The highest edge is drawn first, so that those below cover it.
    lines: (paths, role) => {
      const received = stacked(paths.map((path) => path.received)).reverse();
      const sent = stacked(paths.map((path) => path.sent)).reverse();
      const [above, below] = role === "client" ? [received, sent] : [sent, received];
      return [...above, ...below.map((column) => column.map((value) => -value))];
    },
    style: (paths) => {
      const areas = paths.map(({ id }) => ({
        stroke: colour("--card"),
        width: 1,
        fill: colour(colourName(id)),
        fillTo: () => 0,
        points: { show: false },
      })).reverse();
      return [...areas, ...areas];
    },
    say: ({ received, sent }, i) => `↓ ${rateText(received[i])} ↑ ${rateText(sent[i])}`,
    tick: (value) => value === 0 ? "0" : rateText(value).replace(/\.0*(?= )/, ""),
    isMirrored: true,
    least: 12_500,
  },
  {
    figure: "rtt",
    lines: (paths) => paths.map(({ rtt }) => rtt),
    style: (paths) => paths.map(({ id }) => lineOf(id)),
    say: ({ rtt }, i) => rtt[i] === null ? undefined : timeText(rtt[i]),
    tick: (value) => value === 0 ? "0" : timeText(value).replace(/\.0*(?= )/, ""),
    least: 1,
  },
  {
    figure: "window",
    lines: (paths) => [
      ...paths.map(({ window }) => window),
      ...paths.map(({ inFlight }) => inFlight),
    ],
    style: (paths) => [
      ...paths.map(({ id }) => lineOf(id)),
      ...paths.map(({ id }) => ({ ...lineOf(id), width: 1, dash: [2, 3] })),
    ],
    say: ({ window }, i) => window[i] === null ? undefined : bytesText(window[i]),
    tick: (value) => value === 0 ? "0" : bytesText(value).replace(/\.0*(?= )/, ""),
    least: 10_000,
  },
  {
    figure: "losses",
    lines: (paths) => paths.map(({ lost }) => lost),
    style: (paths) =>
      paths.map(({ id }) => ({ ...lineOf(id), fill: `${colour(colourName(id))}40` })),
    say: ({ lost }, i) => lost[i] === null ? undefined : countText(lost[i]),
    tick: countText,
    least: 5,
  },
];

/** @param {number} id */
function lineOf(id) {
  return { stroke: colour(colourName(id)), width: 2, points: { show: false } };
}

/** All plots, which share one cursor. */
export class Plots {
  /** @type {{ plot: Plot, chart: any, place: HTMLElement, readout: HTMLElement }[]} */
  #charts = [];
  #shape = "";
  /** @type {import("./series.js").Columns} */
  #columns = { times: [], paths: [] };
  /** @type {(id: number) => string} */
  #nameOf = String;
  #role = "client";
  /** @type {readonly { time: number, tone: string }[]} */
  #events = [];

  constructor() {
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#shape = "";
      this.#draw();
    });
    const observer = new ResizeObserver(() => this.#fit());
    for (const { figure } of PLOTS) observer.observe(placeOf(figure));
  }

  /**
   * Shows other data.
   *
   * @param {import("./series.js").Columns} columns
   * @param {readonly { time: number, tone: string }[]} events
   * @param {string} role Which end of the connection the program is.
   * @param {(id: number) => string} nameOf What to call a path.
   */
  show(columns, events, role, nameOf) {
    this.#role = role;
    const [above, below] = role === "client" ? ["received", "sent"] : ["sent", "received"];
    const note = /** @type {HTMLElement} */ (document.querySelector("#rate small"));
    note.textContent = `${above} above the line, ${below} below it`;
    this.#columns = columns;
    this.#events = events;
    this.#nameOf = nameOf;
    this.#draw();
  }

  #draw() {
    const { times, paths } = this.#columns;
    const shape = paths.map(({ id }) => id).join();
    if (shape !== this.#shape || this.#charts.length === 0) this.#build(shape);
    for (const { plot, chart } of this.#charts) {
      chart.setData([times, ...plot.lines(paths, this.#role)]);
    }
    for (const one of this.#charts) this.#read(one);
  }

  /** @param {string} shape The IDs of the paths: each has lines of its own. */
  #build(shape) {
    this.#shape = shape;
    for (const { chart } of this.#charts) chart.destroy();
    this.#charts = PLOTS.map((plot) => {
      const place = placeOf(plot.figure);
      const readout = /** @type {HTMLElement} */ (
        document.querySelector(`#${plot.figure} .readout`)
      );
      const one = { plot, place, readout, chart: undefined };
      one.chart = new globalThis.uPlot(this.#options(plot, place, one), undefined, place);
      return one;
    });
  }

  /**
   * @param {Plot} plot
   * @param {HTMLElement} place
   * @param {any} one
   */
  #options(plot, place, one) {
    const axis = {
      stroke: colour("--muted"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { stroke: colour("--line"), width: 1, size: 4 },
      font: "11px system-ui, sans-serif",
    };
    return {
      ...sizeOf(place),
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: "live" },
        drag: { x: false, y: false },
        points: { show: false },
        y: false,
      },
      scales: {
        x: { range: () => this.#range() },
        y: {
          range: (
            /** @type {any} */ _chart,
            /** @type {number} */ low,
            /** @type {number} */ high,
          ) => rangeOf(plot, low, high),
        },
      },
      axes: [
        {
          ...axis,
          space: 80,
          size: 28,
          values: (/** @type {any} */ _chart, /** @type {number[]} */ ticks) =>
            ticks.map((seconds) => clockText(seconds * 1_000).slice(0, 8)),
        },
        {
          ...axis,
          size: 74,
          space: 32,
          values: (/** @type {any} */ _chart, /** @type {number[]} */ ticks) =>
            ticks.map((value) => plot.tick(Math.abs(value))),
        },
      ],
      series: [{}, ...plot.style(this.#columns.paths)],
      hooks: {
        draw: [(/** @type {any} */ chart) => this.#mark(chart)],
        setCursor: [() => this.#read(one)],
      },
    };
  }

  /** @returns {[number, number]} The times at both ends, in seconds. */
  #range() {
    const { times } = this.#columns;
    const from = times[0] ?? Date.now() / 1_000;
    return [from, Math.max(times.at(-1) ?? from, from + SHORTEST / 1_000)];
  }

  /**
   * Marks events in a plot.
   *
   * @param {any} chart
   */
  #mark(chart) {
    const { ctx, bbox } = chart;
    const [from, to] = this.#range();
    ctx.save();
    ctx.setLineDash([4, 4]);
    ctx.lineWidth = Math.max(1, devicePixelRatio);
    for (const { time, tone } of this.#events) {
      if (tone === "plain" || time < from * 1_000 || time > to * 1_000) continue;
      const x = Math.round(chart.valToPos(time / 1_000, "x", true)) + 0.5;
      ctx.strokeStyle = colour(`--${tone}`);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  /**
   * Says what a plot shows at the cursor, or at the end.
   *
   * @param {any} one
   */
  #read({ plot, chart, readout }) {
    if (chart === undefined) return;
    const { times, paths } = this.#columns;
    const at = chart.cursor.idx;
    const index = at ?? times.length - 1;
    const spans = paths.flatMap((path) => {
      const said = plot.say(path, index);
      if (said === undefined) return [];
      const span = document.createElement("span");
      span.style.setProperty("--swatch", `var(${colourName(path.id)})`);
      span.textContent = `${this.#nameOf(path.id)} ${said}`;
      return [span];
    });
    if (at !== null && at !== undefined && times[at] !== undefined) {
      const time = document.createElement("span");
      time.className = "time";
      time.textContent = clockText(times[at] * 1_000);
      spans.unshift(time);
    }
    readout.replaceChildren(...spans);
  }

  #fit() {
    for (const { chart, place } of this.#charts) chart.setSize(sizeOf(place));
  }
}

/** @param {string} figure */
function placeOf(figure) {
  return /** @type {HTMLElement} */ (document.querySelector(`#${figure} .plot`));
}

/** @param {HTMLElement} place */
function sizeOf(place) {
  return { width: Math.max(200, place.clientWidth), height: place.clientHeight };
}

/**
 * @param {Plot} plot
 * @param {number | null} low
 * @param {number | null} high
 * @returns {[number, number]}
 */
function rangeOf({ isMirrored, least }, low, high) {
  const top = Math.max(high ?? 0, 0);
  const bottom = Math.max(-(low ?? 0), 0);
  const span = Math.max(top, isMirrored ? bottom : 0, least) * 1.08;
  if (!isMirrored) return [0, span];
  // A direction that carries little gets little room, but some.
  return [-Math.max(bottom * 1.08, span * 0.08), Math.max(top * 1.08, span * 0.08)];
}
