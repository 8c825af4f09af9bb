// What an event of an application may say.

import { MAX_LOGGED_ITEMS, MAX_LOGGED_TEXT } from "../limits/limits.ts";

/**
 * What an event says: its fields, of whatever JSON can hold.
 *
 * @category Traces
 */
export interface EventData {
  /** A field by its name. */
  readonly [field: string]: unknown;
}

/** The fields as JSON: long texts and lists are cut, and what is not known is left out. */
export function eventDataText(data: EventData): string {
  return JSON.stringify(data, shortened);
}

function shortened(_field: string, value: unknown): unknown {
  if (typeof value === "string") return value.slice(0, MAX_LOGGED_TEXT);
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return Array.isArray(value) ? value.slice(0, MAX_LOGGED_ITEMS) : value;
}
