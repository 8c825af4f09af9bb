// Reads and writes priorities (RFC 9218).

import type { H3SendStream } from "../transport.ts";

/**
 * How soon a response is wanted (RFC 9218, Section 4).
 *
 * @category HTTP/3
 */
export interface Priority {
  /** 0 is the most urgent, 7 the least. */
  readonly urgency: number;
  /** Whether a part of it is already of use. */
  readonly incremental: boolean;
}

const DEFAULT: Priority = { urgency: 3, incremental: false };

/** Reads a priority field; what is missing or malformed takes its default. */
export function parsePriority(field: string): Priority {
  let { urgency, incremental } = DEFAULT;
  for (const member of field.split(",")) {
    const match = /^\s*(u|i)(?:=(\?[01]|\d+))?\s*(?:;.*)?$/.exec(member);
    if (!match) continue;
    const [, key, value] = match;
    if (key === "u" && value !== undefined && /^[0-7]$/.test(value)) urgency = Number(value);
    if (key === "i" && (value === undefined || value.startsWith("?"))) incremental = value !== "?0";
  }
  return { urgency, incremental };
}

/** A priority as a field; what is not said takes its default. */
export function formatPriority({ urgency = 3, incremental = false }: Partial<Priority>): string {
  if (!Number.isInteger(urgency) || urgency < 0 || urgency > 7) {
    throw new RangeError(`Cannot take ${urgency} as urgency: it is a whole number from 0 to 7`);
  }
  return incremental ? `u=${urgency}, i` : `u=${urgency}`;
}

/** Hands a priority to a stream, in the terms its transport knows. */
export function applyPriority(stream: H3SendStream, { urgency, incremental }: Priority): void {
  try {
    if ("urgency" in stream) {
      stream.urgency = urgency;
      stream.incremental = incremental;
    }
    // For orders that know nothing of HTTP.
    if ("sendOrder" in stream) stream.sendOrder = DEFAULT.urgency - urgency;
  } catch {
    // With some transports a stream that has ended has no place among the others any more.
  }
}
