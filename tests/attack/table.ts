import { type Attack, type Bound, percentile, type Result } from "./attack.ts";

/** The attacks as a table, with what they did to the victim and to honest clients. */
export const heading: string = [
  "| row | attack | memory before, peak, after (MB) | CPU (s of s) | honest before | honest during |",
  " median, p95 (ms) | bounds |\n|---|---|---|---|---|---|---|---|",
].join("");

/** One line of it. */
export function tableRow({ row, name }: Attack, result: Result, bounds: readonly Bound[]): string {
  const { before, end, after, peak, duration, honestBefore, honest } = result;
  const memory = [before.memory, peak, after.memory].map((bytes) => (bytes / 1e6).toFixed(0));
  const cpu = `${seconds(end.cpu - before.cpu)} of ${seconds(duration)}`;
  const times = [50, 95].map((percent) => percentile(honest.times, percent).toFixed(0)).join(", ");
  const usual = percentile(honestBefore.times, 50).toFixed(0);
  const missed = bounds.filter((bound) => !holds(bound)).map(boundText);
  const verdict = missed.length === 0 ? "hold" : `MISSED: ${missed.join(", ")}`;
  const asked = honest.times.length + honest.failures.length;
  return `| ${row} | ${name} | ${memory.join(", ")} | ${cpu} | ${usual} ms | ` +
    `${honest.times.length} of ${asked} | ${times} | ${verdict} |`;
}

/** Whether a bound is kept; a value that is no number keeps none. */
export function holds({ value, most }: Bound): boolean {
  return value <= most;
}

/** A bound with its value. */
export function boundText({ what, value, most }: Bound): string {
  return `${what}: ${short(value)} (at most ${short(most)})`;
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
