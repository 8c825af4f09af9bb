// The progress of a transfer: rows for paths and for the whole.

import { type PathCells, pathTable } from "../paths/path_table.ts";

/** What is known about one path at some moment. */
export interface PathRow {
  /** The path's ID. */
  readonly id: number;
  /** The interface that it goes over, if that is known. */
  readonly over?: string | undefined;
  /** Address and port here. */
  readonly local: string;
  /** Address and port there. */
  readonly remote: string;
  /** What the path is doing. */
  readonly state: string;
  /** Smoothed round-trip time in milliseconds; NaN before the first sample. */
  readonly rtt: number;
  /** Bytes that came in on this path, headers included. */
  readonly received: number;
}

/** What is known about a transfer at some moment. */
export interface Progress {
  /** Milliseconds since it began. */
  readonly elapsed: number;
  /** Bytes of bodies that arrived. */
  readonly bytes: number;
  /** Bytes that will arrive, if the server has said so. */
  readonly expected: number | undefined;
  /** Every path there is or was. */
  readonly paths: readonly PathRow[];
}

/**
 * The rows shown on a terminal: one for the whole, one for each path.
 *
 * @param now The state to show.
 * @param before An earlier state, from which rates are measured.
 * @param width How many columns the terminal has.
 * @param height How many lines it has: what has scrolled away cannot be drawn over.
 */
export function progressLines(
  now: Progress,
  before: Progress | undefined,
  width: number,
  height = Infinity,
): readonly string[] {
  const room = Math.max(1, width - 1); // the last column makes some terminals wrap
  const total = sumReceived(now.paths);
  for (let count = now.paths.length;; count--) {
    const shown = { ...now, paths: mostRecent(now.paths, count) };
    const lines = [headLine(now, before, room), ...pathTable(cellsOf(shown, before, total), room)];
    // One line is that of the cursor.
    if (lines.length < height || count <= 1) return lines.map((line) => line.slice(0, room));
  }
}

/**
 * One line for where there is no terminal.
 *
 * @param now The state to show.
 * @param before An earlier state, from which the rate is measured.
 */
export function plainLine(now: Progress, before: Progress | undefined): string {
  const rate = rateText(now.bytes - (before?.bytes ?? 0), now.elapsed - (before?.elapsed ?? 0));
  const total = sumReceived(now.paths);
  const shares = now.paths.map(({ id, over, received }) =>
    `path ${id}${over ? ` over ${over}` : ""} ${shareText(received, total)}`
  );
  return [secondsText(now.elapsed), amountText(now), rate, ...shares].join("  ");
}

/**
 * What is left to say at the end.
 *
 * @param end The last state.
 * @param width How many columns the terminal has, if it goes to one.
 */
export function summaryLines(end: Progress, width = Infinity): readonly string[] {
  const rate = rateText(end.bytes, end.elapsed);
  const head = `${end.bytes} bytes in ${(end.elapsed / 1000).toFixed(2)} s, ${rate}`;
  return [head, ...pathTable(cellsOf(end, undefined), Math.max(1, width - 1))];
}

/** Paths that are closed make room for the others, the oldest first. */
function mostRecent(paths: readonly PathRow[], count: number): readonly PathRow[] {
  const shown = [...paths];
  while (shown.length > count) {
    const closed = shown.findIndex(({ state }) => state === "closed");
    shown.splice(Math.max(0, closed), 1);
  }
  return shown;
}

/** The whole of it, in as many words as there is room for. */
function headLine(now: Progress, before: Progress | undefined, room: number): string {
  const rate = rateText(now.bytes - (before?.bytes ?? 0), now.elapsed - (before?.elapsed ?? 0));
  const time = secondsText(now.elapsed);
  const left = leftText(now, before);
  const amount = amountText(now);
  const share = shareOfAll(now) ?? bytesText(now.bytes);
  const choices = [[amount, rate, time, left], [amount, rate, left], [share, rate, left], [
    share,
    rate,
  ]].map((words) => words.filter((word) => word !== "").join("  "));
  return choices.find((line) => line.length <= room) ?? choices.at(-1)!;
}

/** How long it takes yet, at the present rate; empty if that cannot be known. */
function leftText(now: Progress, before: Progress | undefined): string {
  const { expected = 0, bytes, elapsed } = now;
  const rate = (bytes - (before?.bytes ?? 0)) / (elapsed - (before?.elapsed ?? 0));
  if (!(expected > bytes) || !(rate > 0)) return "";
  const seconds = Math.ceil((expected - bytes) / rate / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60)];
  if (hours >= 100) return "";
  if (hours > 0) return `${hours} h ${minutes % 60} min left`;
  return seconds >= 100 ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`;
}

function cellsOf(
  now: Progress,
  before: Progress | undefined,
  total = sumReceived(now.paths),
): readonly PathCells[] {
  const time = now.elapsed - (before?.elapsed ?? 0);
  return now.paths.map((path) => {
    const earlier = before?.paths.find((one) => one.id === path.id)?.received ?? 0;
    return {
      path: String(path.id),
      over: path.over ?? "",
      local: path.local,
      remote: path.remote,
      RTT: rttText(path.rtt),
      rate: rateText(path.received - earlier, time),
      bytes: bytesText(path.received),
      share: shareText(path.received, total),
      state: path.state,
    };
  });
}

function amountText(progress: Progress): string {
  const { bytes, expected } = progress;
  const share = shareOfAll(progress);
  return share ? `${bytesText(bytes)} of ${bytesText(expected!)} (${share})` : bytesText(bytes);
}

function shareOfAll({ bytes, expected }: Progress): string | undefined {
  return expected ? `${Math.floor(100 * bytes / expected)} %` : undefined;
}

function sumReceived(paths: readonly PathRow[]): number {
  return paths.reduce((sum, path) => sum + path.received, 0);
}

function bytesText(bytes: number): string {
  return bytes < 1000 ? `${bytes} B` : `${scaled(bytes, ["kB", "MB", "GB", "TB"])}`;
}

function scaled(value: number, units: readonly string[]): string {
  let scaledValue = value / 1000;
  let unit = 0;
  while (scaledValue >= 1000 && unit < units.length - 1) {
    scaledValue /= 1000;
    unit++;
  }
  return `${scaledValue.toFixed(1)} ${units[unit]}`;
}

function rateText(bytes: number, milliseconds: number): string {
  if (milliseconds <= 0) return "- Mbit/s";
  return `${(Math.max(0, bytes) * 8 / milliseconds / 1000).toFixed(1)} Mbit/s`;
}

function secondsText(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

function rttText(rtt: number): string {
  return Number.isFinite(rtt) ? `${rtt.toFixed(1)} ms` : "-";
}

function shareText(bytes: number, total: number): string {
  return total === 0 ? "-" : `${Math.round(100 * bytes / total)} %`;
}
