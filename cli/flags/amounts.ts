// Reads amounts from a command line: bytes, and times of minutes and hours.

import { UsageError } from "../console/failure.ts";
import { type FlagValues, textValue } from "./flags.ts";

/** Milliseconds of each unit of time. */
const UNITS: Readonly<Record<string, number>> = { "": 1_000, s: 1_000, m: 60_000, h: 3_600_000 };
const LONGEST_TIME = 86_400_000;

/**
 * Reads a flag's value as bytes, with the letters of curl: multiples of 1,024.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 * @param what What the bytes are, for the message: "bytes a second".
 */
export function bytesValue(given: FlagValues, name: string, what: string): number | undefined {
  const text = textValue(given, name);
  if (text === undefined) return undefined;
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([kmgt]?)b?$/i.exec(text) ?? [];
  const power = unit === "" ? 0 : "kmgt".indexOf(unit.toLowerCase()) + 1;
  const bytes = number === undefined ? NaN : Number(number) * 1024 ** power;
  if (bytes >= 1 && bytes <= 1e15) return Math.round(bytes);
  throw new UsageError(`Cannot use "${text}" for --${name}: give ${what}, such as 500k or 2M`);
}

/**
 * Reads a flag's value as a time, `90`, `90s`, `30m` or `2h`, and gives milliseconds.
 *
 * @param given What stood on the command line.
 * @param name The flag's long name.
 * @param least The shortest time allowed, in milliseconds.
 */
export function timeValue(given: FlagValues, name: string, least = 0): number | undefined {
  const text = textValue(given, name);
  if (text === undefined) return undefined;
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  const time = number === undefined ? NaN : Math.round(Number(number) * UNITS[unit]!);
  if (time >= least && time <= LONGEST_TIME) return time;
  const range = least > 0 ? ` from ${least / 1_000} second${least === 1_000 ? "" : "s"} on` : "";
  throw new UsageError(
    `Cannot use "${text}" for --${name}: give a time${range}, such as 90s, 30m or 2h`,
  );
}
