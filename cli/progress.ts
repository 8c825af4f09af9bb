/** What is known about one path at some moment. */
export interface PathRow {
  /** The path's ID. */
  readonly id: number;
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
 */
export function progressLines(
  now: Progress,
  before: Progress | undefined,
  width: number,
): readonly string[] {
  const rate = rateText(now.bytes - (before?.bytes ?? 0), now.elapsed - (before?.elapsed ?? 0));
  const head = `${amountText(now)}  ${rate}  ${secondsText(now.elapsed)}`;
  return [head, ...pathTable(now, before)].map((line) => line.slice(0, Math.max(1, width - 1)));
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
  const shares = now.paths.map((path) => `path ${path.id} ${shareText(path.received, total)}`);
  return [secondsText(now.elapsed), amountText(now), rate, ...shares].join("  ");
}

/**
 * What is left to say at the end.
 *
 * @param end The last state.
 */
export function summaryLines(end: Progress): readonly string[] {
  const rate = rateText(end.bytes, end.elapsed);
  const head = `${end.bytes} bytes in ${(end.elapsed / 1000).toFixed(2)} s, ${rate}`;
  return [head, ...pathTable(end, undefined)];
}

const titles = ["path", "from -> to", "RTT", "rate", "bytes", "share", "state"] as const;

/** Columns 2 to 5 hold numbers and line up at their right. */
const numeric: ReadonlySet<number> = new Set([2, 3, 4, 5]);

function pathTable(now: Progress, before: Progress | undefined): string[] {
  if (now.paths.length === 0) return [];
  const total = sumReceived(now.paths);
  const time = now.elapsed - (before?.elapsed ?? 0);
  const rows = now.paths.map((path) => {
    const earlier = before?.paths.find((one) => one.id === path.id)?.received ?? 0;
    return [
      String(path.id),
      `${path.local} -> ${path.remote}`,
      rttText(path.rtt),
      rateText(path.received - earlier, time),
      bytesText(path.received),
      shareText(path.received, total),
      path.state,
    ];
  });
  return alignColumns([[...titles], ...rows]);
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = titles.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, i) =>
      numeric.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)
    );
    return cells.join("  ").trimEnd();
  });
}

function amountText(progress: Progress): string {
  const { bytes, expected } = progress;
  if (expected === undefined || expected === 0) return bytesText(bytes);
  return `${bytesText(bytes)} of ${bytesText(expected)} (${Math.floor(100 * bytes / expected)} %)`;
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
