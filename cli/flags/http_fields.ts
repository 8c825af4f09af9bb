// Reads the header fields of a command line.

import { UsageError } from "../console/failure.ts";
import { fieldValue } from "../http/field_text.ts";
import { type FlagValues, textValues } from "./flags.ts";

/** A header field: its name and its value. */
export type Field = readonly [name: string, value: string];

/** Fields of HTTP/1.1 that HTTP/3 has no place for, and one that follows from the content. */
const impossible: ReadonlyMap<string, string> = new Map([
  ...["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]
    .map((name) => [name, "HTTP/3 has no such field"] as const),
  ["content-length", "it follows from the content"],
]);

/**
 * Reads the values of `--header`, each as "name: value".
 *
 * @param given What stood on the command line.
 * @param more Further names that cannot be given, and why.
 */
export function fieldValues(
  given: FlagValues,
  more: Readonly<Record<string, string>> = {},
): readonly Field[] {
  return textValues(given, "header").map((text) => readField(text, more));
}

function readField(text: string, more: Readonly<Record<string, string>>): Field {
  const [, name = "", given = ""] = /^([^:]*):[ \t]*([^]*?)[ \t]*$/.exec(text) ?? [];
  const value = fieldValue(given);
  try {
    new Headers([[name, value]]);
  } catch {
    throw new UsageError(
      `Cannot use ${JSON.stringify(text)} for --header: write it as "name: value"`,
    );
  }
  const known = name.toLowerCase();
  const reason = impossible.get(known) ?? (Object.hasOwn(more, known) ? more[known] : undefined);
  if (reason === undefined) return [name, value];
  throw new UsageError(`Cannot send the field ${name}: ${reason}; leave it out`);
}
