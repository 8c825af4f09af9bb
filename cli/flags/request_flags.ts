// The flags that say what is asked of the server.

import { UsageError } from "../console/failure.ts";
import { type Flag, type FlagValues, textValue, textValues } from "./flags.ts";
import { type Field, fieldValues } from "./http_fields.ts";

/** What is asked of the server, apart from the URLs. */
export interface RequestChoices {
  /** The method. */
  readonly method: string;
  /** Fields to send in addition to those that follow from other flags. */
  readonly headers: readonly Field[];
  /** The parts of the body as they stood on the command line; none means no body. */
  readonly data: readonly string[];
  /** Whether status and fields of the answer are written before its body. */
  readonly include: boolean;
}

/** The flags for requests, with the letters of curl as far as they were free in 2018. */
export const requestFlags: readonly Flag[] = [
  {
    name: "request",
    short: "X",
    value: "METHOD",
    help: "the method (default: GET, or POST with --data)",
  },
  {
    name: "header",
    short: "H",
    value: "FIELD",
    isRepeatable: true,
    help: 'send a header field, written "name: value"; may be repeated',
  },
  {
    name: "data",
    value: "TEXT",
    isRepeatable: true,
    help:
      "send TEXT as the body, or a file for @FILE (@- is standard input); several are joined by &",
  },
  {
    name: "include",
    short: "i",
    help: "write status and header fields before the body; without -o to standard output",
  },
  { name: "head", short: "I", help: "request and write only status and header fields" },
];

/**
 * Reads the flags for requests.
 *
 * @param given What stood on the command line.
 */
export function readRequestChoices(given: FlagValues): RequestChoices {
  const data = textValues(given, "data");
  const isHead = given.values["head"] === true;
  const named = textValue(given, "request");
  if (isHead && named !== undefined) {
    throw new UsageError("Cannot use two methods: give --request or --head, not both");
  }
  const method = isHead ? "HEAD" : readMethod(named) ?? (data.length > 0 ? "POST" : "GET");
  if (data.length > 0 && (method === "GET" || method === "HEAD")) {
    throw new UsageError(
      `Cannot send --data with ${method}: give another method with -X, or leave it out for POST`,
    );
  }
  return {
    method,
    headers: fieldValues(given, { host: "it follows from the URL" }),
    data,
    include: isHead || given.values["include"] === true,
  };
}

/**
 * The fields of the requests, with the type of content that curl gives bodies too.
 *
 * @param choices What was chosen.
 */
export function requestHeaders({ headers, data }: RequestChoices): Headers {
  const all = new Headers();
  for (const [name, value] of headers) {
    // RFC 6265, Section 4.2.1: cookies are separated by semicolons, in one field.
    const before = name.toLowerCase() === "cookie" ? all.get(name) : null;
    if (before === null) all.append(name, value);
    else all.set(name, `${before}; ${value}`);
  }
  if (data.length > 0 && !all.has("content-type")) {
    all.set("content-type", "application/x-www-form-urlencoded");
  }
  return all;
}

function readMethod(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return new Request("https://localhost/", { method: text }).method;
  } catch {
    // Either no word, or one such as CONNECT, which asks for something else than a resource.
    throw new UsageError(`Cannot use "${text}" for --request: give a method such as PUT`);
  }
}
