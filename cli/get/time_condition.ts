// The condition of -z: fetch only what is newer, or older, than a date.

import { readHttpDate } from "../http/http_date.ts";
import { readLooseDate } from "../http/loose_date.ts";

/** Which versions of a file are wanted. */
export interface TimeCondition {
  /** The date, in whole seconds since 1970. */
  readonly seconds: number;
  /** Whether the file must be older than that; otherwise newer. */
  readonly isOlder: boolean;
}

/**
 * Reads what -z was given: a date, or a file whose date counts; a minus before it means older.
 *
 * @param text What was given.
 * @returns Undefined if it is neither: then there is no condition, as with curl.
 */
export function readTimeCondition(text: string): TimeCondition | undefined {
  const [, sign, rest] = /^([-+]?)([^]*)$/.exec(text)!;
  const seconds = readLooseDate(rest!) ?? dateOfFile(rest!);
  return seconds === undefined ? undefined : { seconds, isOlder: sign === "-" };
}

/**
 * The field that asks for it (RFC 9110, Sections 13.1.3 and 13.1.4).
 *
 * @param condition The condition.
 */
export function fieldOf(
  { seconds, isOlder }: TimeCondition,
): readonly [name: string, value: string] {
  const date = new Date(seconds * 1000).toUTCString();
  return [isOlder ? "if-unmodified-since" : "if-modified-since", date];
}

/**
 * Whether an answer is wanted. Servers may not know the condition; what they send without a date is
 * wanted.
 *
 * @param condition The condition.
 * @param headers The fields of the answer.
 */
export function isMet({ seconds, isOlder }: TimeCondition, headers: Headers): boolean {
  const date = readHttpDate(headers.get("last-modified") ?? "", Date.now());
  if (date === undefined) return true;
  return isOlder ? date < seconds : date > seconds;
}

function dateOfFile(path: string): number | undefined {
  try {
    const { mtime } = Deno.statSync(path);
    return mtime === null ? undefined : Math.floor(mtime.getTime() / 1000);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return undefined;
  }
}
